import { generateKeyPairSync } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { localError } from '@longshore/middleware-core/cli'
import { fingerprintOf } from '../keys/public-key.ts'

/** Kinds of keys that CloudFront takes. */
export const keyTypes = ['rsa', 'ec'] as const

export type KeyType = (typeof keyTypes)[number]

/** Files of a new key. */
export interface NewKey {
  /** Private key in PKCS#8, for its owner's eyes only. */
  readonly privateKeyFile: string
  /** Public half in PEM. */
  readonly publicKeyFile: string
  /** Public half as `aws cloudfront create-public-key` takes it. */
  readonly configFile: string
  /** SHA-256 of the public half in DER, in hexadecimal digits. */
  readonly fingerprint: string
}

/** Makes a key pair and writes its files. Throws where one of them is there already; then none is written. */
export async function createKey(privateKeyFile: string, type: KeyType, name: string): Promise<NewKey> {
  const pair =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const { publicKeyFile, configFile } = publicFilesOf(privateKeyFile)
  const config = { CallerReference: `longshore-${new Date().toISOString()}`, Name: name, EncodedKey: publicKey }
  await writeAll([
    [privateKeyFile, privateKey, 0o600],
    [publicKeyFile, publicKey, 0o644],
    [configFile, `${JSON.stringify(config, undefined, 2)}\n`, 0o644],
  ])
  return { privateKeyFile, publicKeyFile, configFile, fingerprint: fingerprintOf(pair.publicKey) }
}

/** Names of the files of a key's public half, which lie beside the private key's. */
export function publicFilesOf(privateKeyFile: string): Pick<NewKey, 'publicKeyFile' | 'configFile'> {
  const base = privateKeyFile.replace(/\.pem$/, '')
  return { publicKeyFile: `${base}.pub.pem`, configFile: `${base}.public-key.json` }
}

async function writeAll(files: readonly (readonly [file: string, content: string, mode: number])[]): Promise<void> {
  const written: string[] = []
  try {
    for (const [file, content, mode] of files) {
      const handle = await open(file, 'wx', mode).catch((error: unknown) => {
        throw localError(error, file)
      })
      written.push(file)
      try {
        await handle.writeFile(content)
        await handle.sync()
      } finally {
        await handle.close()
      }
    }
  } catch (error) {
    for (const file of written) await rm(file, { force: true })
    throw error
  }
}
