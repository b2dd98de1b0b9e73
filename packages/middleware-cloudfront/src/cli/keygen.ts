import { basename } from 'node:path'
import { optionError } from '@longshore/middleware-core'
import type { CliContext, Command } from '@longshore/middleware-core/cli'
import { createKeyGroup, createPublicKey } from './aws-commands.ts'
import { type KeyType, createKey, keyTypes } from './new-key.ts'

interface KeygenFlags {
  type: string
  name?: string
}

export function addKeygen(group: Command, context: CliContext): void {
  group
    .command('keygen')
    .description('make a key pair, and print what uploads its public half')
    .argument('[file]', 'file for the private key', 'cloudfront-key.pem')
    .option('--type <type>', 'rsa (2048 bits), or ec (P-256), whose URLs are shorter', 'rsa')
    .option('--name <name>', "name of the public key and its group in CloudFront. Default: the file's")
    .action(async (file: string, flags: KeygenFlags) => {
      const type = readType(flags.type)
      const name = flags.name ?? nameFor(file)
      if (!/^[\w-]{1,128}$/.test(name)) throw optionError('--name', `found ${name}; accepted: letters, digits, _ and -`)
      const { privateKeyFile, publicKeyFile, configFile, fingerprint } = await createKey(file, type, name)
      const lines = [
        `private key  ${privateKeyFile} (${type === 'rsa' ? 'RSA-2048' : 'EC P-256'}, readable by its owner only)`,
        `public half  ${publicKeyFile}`,
        `fingerprint  SHA-256 ${fingerprint}`,
        '',
        'Create the public key in CloudFront, which prints its ID:',
        `  ${createPublicKey(configFile)}`,
        'and a key group with that ID, for the behaviours of your distribution (not for a rotation: see longshore cloudfront rotate):',
        `  ${createKeyGroup(name, 'KEY_ID')}`,
        '',
        'Options of the middleware cloudfront in config.yml:',
        `  privatekey: ${privateKeyFile}`,
        '  keypairid: KEY_ID',
      ]
      context.out(`${lines.join('\n')}\n`)
    })
}

function readType(given: string): KeyType {
  const type = keyTypes.find(known => known === given)
  if (type === undefined) throw optionError('--type', `found ${given}; accepted: ${keyTypes.join(', ')}`)
  return type
}

/** The file's name without its extension, in the characters of a name in CloudFront. */
function nameFor(file: string): string {
  return basename(file)
    .replace(/\.pem$/, '')
    .replaceAll(/[^\w-]/g, '-')
    .slice(0, 128)
}
