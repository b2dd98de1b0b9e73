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
  /** Milliseconds by which the clock of the bucket and the edge is ahead of this machine's. Default 0. See `cloud.clock`. */
  clockOffsetMs?: number
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
  /** Clock of the bucket and the edge: assign to its offset from this machine's at any time. */
  readonly clock: { offsetMs: number }
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
  const clock = { offsetMs: options.clockOffsetMs ?? 0 }
  const now = () => Date.now() + clock.offsetMs
  const s3 = await startS3({ now, ...options.s3, buckets: [bucket], credentials: [credentials], region })
  const { now: bucketNow = now, tls } = options.s3 ?? {}
  const ca = tls ? { ca: tls.cert } : {}
  const origin = { ...ca, endpoint: s3.endpoint, bucket, region, credentials: CLOUDFRONT_CREDENTIALS, now: bucketNow }
  const edge = await startEdge({ now, ...options.edge, origin, publicKeys: { [keyPairId]: publicKey } }).catch(
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
    clock,
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
