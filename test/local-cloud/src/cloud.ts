import { createPrivateKey, createPublicKey, generateKeyPair } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { EdgeOptions, LocalEdge } from './edge/server.ts'
import { startEdge } from './edge/server.ts'
import { CLOUDFRONT_CREDENTIALS } from './s3/permissions/permissions.ts'
import type { LocalS3, S3Options } from './s3/server.ts'
import { LOCAL_CREDENTIALS, startS3 } from './s3/server.ts'
import type { Credentials } from './signature/credentials.ts'

export interface LocalCloudOptions {
  /** `longshore` by default. */
  bucket?: string
  /** `us-east-1` by default. */
  region?: string
  credentials?: Credentials
  /** The id under which the edge trusts the key; `KLOCALCLOUD001` by default. */
  keyPairId?: string
  /** PEM of the key that signs, RSA or ECDSA P-256; a fresh RSA-2048 key by default. */
  privateKey?: string
  s3?: Omit<S3Options, 'buckets' | 'credentials' | 'region'>
  edge?: Omit<EdgeOptions, 'origin' | 'publicKeys'>
}

/** A bucket and a distribution in front of it. */
export interface LocalCloud extends AsyncDisposable {
  readonly s3: LocalS3
  readonly edge: LocalEdge
  readonly bucket: string
  readonly region: string
  readonly credentials: Credentials
  readonly keyPairId: string
  /** PEM, as it was given; a fresh one is PKCS#8. */
  readonly privateKey: string
  /** The same key in the form of `openssl genrsa -traditional`, which is all that the Go registry reads. */
  readonly privateKeyPkcs1: string | undefined
  readonly publicKey: KeyObject
  close(): Promise<void>
}

export async function startLocalCloud(options: LocalCloudOptions = {}): Promise<LocalCloud> {
  const { bucket = 'longshore', region = 'us-east-1', credentials = LOCAL_CREDENTIALS } = options
  const { keyPairId = 'KLOCALCLOUD001' } = options
  const key = options.privateKey === undefined ? await freshKey() : createPrivateKey(options.privateKey)
  const publicKey = createPublicKey(key)
  const s3 = await startS3({ ...options.s3, buckets: [bucket], credentials: [credentials], region })
  const origin = { endpoint: s3.endpoint, bucket, region, credentials: CLOUDFRONT_CREDENTIALS }
  const edge = await startEdge({ ...options.edge, origin, publicKeys: { [keyPairId]: publicKey } }).catch(
    async (error: unknown) => {
      await s3.close()
      throw error
    },
  )
  const close = async () => {
    await edge.close()
    await s3.close()
  }
  return {
    s3,
    edge,
    bucket,
    region,
    credentials,
    keyPairId,
    privateKey: options.privateKey ?? pem(key, 'pkcs8'),
    privateKeyPkcs1: key.asymmetricKeyType === 'rsa' ? pem(key, 'pkcs1') : undefined,
    publicKey,
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function freshKey(): Promise<KeyObject> {
  const pair = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  return pair.privateKey
}

function pem(key: KeyObject, type: 'pkcs1' | 'pkcs8'): string {
  return key.export({ type, format: 'pem' }).toString()
}
