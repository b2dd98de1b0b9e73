import type { KeyObject } from 'node:crypto'
import { messageOf } from '@longshore/middleware-core/cli'
import type { CloudFrontSettings } from '../../options.ts'
import { readSigningKey } from '../../keys/load-keys.ts'
import { describeKey, fingerprintOf } from '../../keys/public-key.ts'
import type { SignerOptions } from '../../signer.ts'

/** Key of the options in the terms of CloudFront. */
interface DescribedKey {
  readonly keyPairId: string
  /** Path of a file, or a PEM. */
  readonly privateKey: string
  readonly passphrase: string | undefined
  readonly publicKey: KeyObject
  /** `rsa of 2048 bits, SHA-256 of its public half 1a2b...`. */
  readonly description: string
}

/** Keys of the options. The first usable one signs. */
interface ReadKeys {
  readonly usable: readonly DescribedKey[]
  /** Reasons for which others cannot be used, in a line each. */
  readonly unusable: readonly string[]
}

/** Reads every key of the options, but for functions that sign. */
export function readKeys({ hashAlgorithm, keys, ...single }: CloudFrontSettings): ReadKeys {
  const usable: DescribedKey[] = []
  const unusable: string[] = []
  for (const { keyPairId = '', privateKey, passphrase } of keys ?? [single]) {
    if (privateKey === undefined) continue
    try {
      const { publicKey, keyPairId: id } = readSigningKey({ privateKey, keyPairId, passphrase, hashAlgorithm })
      const description = `${describeKey(publicKey)}, SHA-256 of its public half ${fingerprintOf(publicKey).slice(0, 16)}`
      usable.push({ keyPairId: id, privateKey, passphrase, publicKey, description })
    } catch (error) {
      unusable.push(`${keyPairId}: ${messageOf(error)}`)
    }
  }
  return { usable, unusable }
}

/** Options of a signer with the key that signs, and no others, of which it would warn each time. */
export function currentKey(settings: CloudFrontSettings): SignerOptions {
  const [first] = readKeys(settings).usable
  const { hashAlgorithm } = settings
  if (!first) return { hashAlgorithm }
  const { keyPairId, privateKey, passphrase } = first
  return { keyPairId, privateKey, hashAlgorithm, ...(passphrase === undefined ? {} : { passphrase }) }
}

/** Public half of the key that signs, in PEM, and the ID that it goes by. */
export function describePublicHalf(settings: CloudFrontSettings): string {
  const [key] = readKeys(settings).usable
  if (!key) return ''
  const pem = key.publicKey.export({ type: 'spki', format: 'pem' }).toString().trimEnd()
  return `Public half of the key that signs as ${key.keyPairId}:\n${pem}`
}
