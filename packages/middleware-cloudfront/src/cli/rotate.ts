import { basename, dirname, join } from 'node:path'
import { StorageError } from '@longshore/middleware-core'
import { type CliContext, type Command, configArgument } from '@longshore/middleware-core/cli'
import { explain } from '../explain/index.ts'
import { createPublicKey, deletePublicKey, findKeyGroups, updateKeyGroup } from './aws-commands.ts'
import { type Distribution, withDistribution } from './distribution.ts'
import { publicFilesOf } from './new-key.ts'

export function addRotate(group: Command, context: CliContext): void {
  group
    .command('rotate')
    .description(
      'walk through the replacement of a signing key: what has been done by now, and the steps that are left',
    )
    .argument(...configArgument)
    .option('--key <file>', 'file for the new private key. Default: beside the present one')
    .action((file: string, { key }: { key?: string }) =>
      withDistribution(file, context, async distribution => {
        const { keys = [] } = distribution.settings
        const current = await currentKeyId(distribution)
        const former = keys.filter(({ keyPairId }) => keyPairId !== current).map(({ keyPairId }) => keyPairId)
        const steps =
          former.length === 0 ? firstSteps(distribution, file, current, key) : lastSteps(distribution, current, former)
        context.out(
          `${numbered(steps)}\nThis command has changed nothing. Run it again at any time to see what is left.\n`,
        )
      }),
    )
}

interface Step {
  readonly text: string
  /** Lines to run or to write. */
  readonly lines?: readonly string[]
}

/** The key that signs now: its file may name another ID than the configuration. */
async function currentKeyId({ signer, settings }: Distribution): Promise<string> {
  const { url } = await signer.signUrl(`${settings.baseUrl}key`, { expiresIn: 1 })
  const { keyPairId } = explain(url, {})
  if (keyPairId === undefined) throw new StorageError('UNKNOWN', 'the signed URL names no key')
  return keyPairId
}

function firstSteps({ settings }: Distribution, config: string, current: string, given: string | undefined): Step[] {
  const present = presentKeyFile(settings)
  const file = given ?? join(present === undefined ? '.' : dirname(present), `cloudfront-key-${today()}.pem`)
  const { configFile } = publicFilesOf(file)
  return [
    {
      text: `${current} signs, and no other key is configured. Make the new one:`,
      lines: [`longshore cloudfront keygen ${file}`],
    },
    {
      text: 'Create its public key in CloudFront, which prints its ID, NEW_ID from here on:',
      lines: [createPublicKey(configFile)],
    },
    {
      text: `Add it to every key group that has ${current}, beside it, and wait until the distribution is deployed:`,
      lines: [findKeyGroups(current), ...updateKeyGroup([current, 'NEW_ID'])],
    },
    {
      text: `Let it sign, with the present key behind it. In ${basename(config)}, in place of privatekey and keypairid:`,
      lines: [
        'keys:',
        '  - keypairid: NEW_ID',
        `    privatekey: ${file}`,
        `  - keypairid: ${current}`,
        `    privatekey: ${present ?? 'as it is now'}`,
      ],
    },
    {
      text: 'Restart every process that signs, and see that the new key does:',
      lines: [`longshore cloudfront sign ${config} /any/path   # Key-Pair-Id=NEW_ID`],
    },
    { text: 'Run this command again for the rest: taking the present key away.' },
  ]
}

function lastSteps({ settings }: Distribution, current: string, former: readonly string[]): Step[] {
  const names = former.join(', ')
  const { duration } = settings
  const before = new Date(Date.now() - duration).toISOString()
  return [
    {
      text:
        `${current} signs, and ${names} stands behind it. URLs that a former key has signed work for up to ${duration / 1000} s: ` +
        `go on if every process has been running with this configuration since ${before} or longer.`,
    },
    {
      text: `Take ${names} out of the key groups:`,
      lines: [...former.map(findKeyGroups), ...updateKeyGroup([current])],
    },
    { text: `Delete ${names} in CloudFront:`, lines: former.flatMap(deletePublicKey) },
    { text: `Take ${names} out of keys in the configuration, and remove the private key's file.` },
  ]
}

/** File of the private key; undefined where the configuration has the key itself. */
function presentKeyFile({ privateKey, keys }: Distribution['settings']): string | undefined {
  const given = privateKey ?? keys?.[0]?.privateKey
  return given === undefined || given.includes('-----BEGIN') ? undefined : given
}

function today(): string {
  return new Date().toISOString().slice(0, 10)
}

function numbered(steps: readonly Step[]): string {
  return steps
    .map(({ text, lines = [] }, index) => `${index + 1}. ${text}\n${lines.map(line => `     ${line}\n`).join('')}`)
    .join('\n')
}
