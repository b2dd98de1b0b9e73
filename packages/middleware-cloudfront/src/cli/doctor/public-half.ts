import { createHash, type KeyObject } from 'node:crypto'
import type { CloudFrontSettings } from '../../options.ts'
import { readSigningKey } from '../../keys/load-keys.ts'
import { describeKey } from '../../keys/public-key.ts'

/** Key of the options in the terms of CloudFront, as far as it can be told. */
export interface DescribedKey {
  readonly keyPairId: string
  /** Path of a file, or a PEM; undefined where a function signs. */
  readonly privateKey: string | undefined
  readonly publicKey: KeyObject
  /** `rsa of 2048 bits, SHA-256 of its public half 1a2b...`. */
  readonly description: string
}

/** Reads every key of the options that is usable. */
export function describeKeys(settings: CloudFrontSettings): DescribedKey[] {
  const { hashAlgorithm, keys = [settings] } = settings
  return keys.flatMap(({ keyPairId = '', privateKey, passphrase }) => {
    if (privateKey === undefined) return []
    try {
      const key = readSigningKey({ privateKey, keyPairId, passphrase, hashAlgorithm })
      const description = `${describeKey(key.publicKey)}, SHA-256 of its public half ${fingerprintOf(key.publicKey)}`
      return [{ keyPairId: key.keyPairId, privateKey, publicKey: key.publicKey, description }]
    } catch {
      // The middleware itself has told of a key that is not usable.
      return []
    }
  })
}

/** Public half of the key that signs, in PEM, and the ID that it goes by. */
export function describePublicHalf(settings: CloudFrontSettings): string {
  const [key] = describeKeys(settings)
  if (!key) return ''
  const pem = key.publicKey.export({ type: 'spki', format: 'pem' }).toString().trimEnd()
  return `Public half of the key that signs as ${key.keyPairId}:\n${pem}`
}

function fingerprintOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16)
}
