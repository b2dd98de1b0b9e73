import { readFile } from 'node:fs/promises'
import { StorageError, optionError } from '@longshore/middleware-core'
import { type CliContext, type Command, localError } from '@longshore/middleware-core/cli'
import { type Explanation, explain } from '../explain/index.ts'
import { readDate } from './restrictions.ts'

interface ExplainFlags {
  publicKey?: string[]
  url?: string
  clientIp?: string
  at?: string
  json?: boolean
}

export function addExplain(group: Command, context: CliContext): void {
  group
    .command('explain')
    .description('tell whether CloudFront serves a signed URL, or cookies, and why it does not')
    .argument('<url>', 'a signed URL, or a Cookie header')
    .option(
      '--public-key <file>',
      'PEM of a key that the distribution trusts, or ID=file. More than one may be given',
      (file: string, others: string[] | undefined) => [...(others ?? []), file],
    )
    .option('--url <url>', 'with cookies: the URL that is asked for')
    .option('--client-ip <address>', 'address of the client')
    .option('--at <date>', 'time of the request. Default: now')
    .option('--json', 'as JSON')
    .action(async (given: string, { publicKey = [], json, ...flags }: ExplainFlags) => {
      if (publicKey.length === 0) throw optionError('--public-key', 'missing; accepted: a file, or ID=file')
      const options = {
        ...(flags.at === undefined ? {} : { now: readDate('--at', flags.at) }),
        clientIp: flags.clientIp,
        url: flags.url,
      }
      const cookiesOrUrl = given.replace(/^cookie:\s*/i, '')
      // A file without an ID stands for the key that the URL names.
      const { keyPairId } = explain(cookiesOrUrl, {}, options)
      const keys: Record<string, string> = {}
      for (const argument of publicKey) {
        const [, id = keyPairId, file = argument] = /^([A-Za-z0-9_-]+)=(.+)$/.exec(argument) ?? []
        if (id !== undefined) keys[id] = await readKey(file)
      }
      const explanation = explain(cookiesOrUrl, keys, options)
      context.out(json ? `${JSON.stringify(explanation)}\n` : describe(explanation))
      if (explanation.denial) throw new StorageError('ACCESS_DENIED', `refused: ${explanation.denial.message}`)
    })
}

async function readKey(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw localError(error, file)
  })
}

function describe({ allowed, denial, keyPairId, hashAlgorithm, policy }: Explanation): string {
  const rows: [string, string | undefined][] = [
    ['answer', allowed ? 'served' : `403 ${denial?.code} (${denial?.reason})`],
    ['key', keyPairId],
    ['hash', hashAlgorithm],
    ['policy', policy?.kind],
    ['resource', policy && (policy.resource ?? 'every file of every distribution that trusts the key')],
    ['expires', policy?.expiresAt.toISOString()],
    ['not before', policy?.notBefore?.toISOString()],
    ['client', policy?.ipAddress],
  ]
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(12)}${value}\n`])).join('')
}
