import { GetObjectCommand, type GetObjectCommandInput, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import {
  type DownloadOptions,
  type SignedUrl,
  type UrlOptions,
  lazyImport,
  responseOverrides,
} from '@longshore/middleware-core'
import type { Bucket } from '../bucket.ts'
import { s3Error } from '../errors.ts'
import type { SignatureV2 } from './signature-v2.ts'
import { serverTime, urlLifetime } from './url-lifetime.ts'

const requestPresigner = lazyImport(() => import('@aws-sdk/s3-request-presigner'))

/** Makes presigned URLs to a bucket's objects: no request, only a signature. */
export class Presigner {
  readonly #bucket: Bucket
  readonly #client: S3Client
  readonly #lifetime: number

  readonly #signatureV2: SignatureV2 | undefined

  /** `client` is the one whose endpoint the URLs name. `lifetime` is in milliseconds. */
  constructor(bucket: Bucket, client: S3Client, lifetime: number, signatureV2?: SignatureV2) {
    this.#bucket = bucket
    this.#client = client
    this.#lifetime = lifetime
    this.#signatureV2 = signatureV2
  }

  /** A URL that works for `expiresIn` seconds at most, and not longer than the credentials that signed it. */
  async presign(path: string, options: UrlOptions & { method: 'GET' | 'HEAD' }): Promise<SignedUrl> {
    try {
      const seconds = await urlLifetime(this.#client, this.#lifetime, options.expiresIn)
      const now = serverTime(this.#client)
      const url = await this.#sign(path, options, seconds, now)
      return { url, expiresAt: new Date((Math.floor(now.getTime() / 1000) + seconds) * 1000), via: 's3' }
    } catch (error) {
      throw s3Error(error, path)
    }
  }

  async #sign(
    path: string,
    { method, download }: Pick<UrlOptions, 'download'> & { method: 'GET' | 'HEAD' },
    seconds: number,
    now: Date,
  ): Promise<string> {
    const input = { Bucket: this.#bucket.name, Key: this.#bucket.keys.key(path), ...downloadInput(download) }
    const command = method === 'GET' ? new GetObjectCommand(input) : new HeadObjectCommand(input)
    const { getSignedUrl } = await requestPresigner()
    // The SDK's presigner knows version 4 only, but also every rule of where the bucket goes: version 2 takes that over.
    const url = await getSignedUrl(this.#client, command, { expiresIn: seconds, signingDate: now })
    if (!this.#signatureV2) return url
    return this.#signatureV2.presign(method, url.slice(0, url.indexOf('?')), Math.floor(now.getTime() / 1000) + seconds)
  }
}

/** Fields of a GET for the headers that its answer is to have. */
function downloadInput(download: DownloadOptions | undefined): Partial<GetObjectCommandInput> {
  if (!download) return {}
  const overrides = responseOverrides(download)
  return Object.fromEntries(
    Object.entries(overrides).map(([parameter, value]) => [inputNames[parameter as ResponseParameter], value]),
  )
}

type ResponseParameter = keyof ReturnType<typeof responseOverrides>

const inputNames: Readonly<Record<ResponseParameter, keyof GetObjectCommandInput>> = {
  'response-cache-control': 'ResponseCacheControl',
  'response-content-disposition': 'ResponseContentDisposition',
  'response-content-encoding': 'ResponseContentEncoding',
  'response-content-language': 'ResponseContentLanguage',
  'response-content-type': 'ResponseContentType',
}
