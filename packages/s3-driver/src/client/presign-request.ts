import type { S3Client } from '@aws-sdk/client-s3'
import { type Command, createSigner, hostOf, serializeRequest } from './serialize-request.ts'

/** Request that somebody else sends: every header is covered by the signature and has to be sent as it is here. */
export interface PresignedRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** Headers of a serialized request that are the SDK's own, made anew for each try, or made by whoever sends it. */
const omittedHeaders =
  /^(host|authorization|user-agent|x-amz-user-agent|amz-sdk-.*|x-amz-date|x-amz-security-token|x-amz-content-sha256)$/

/** Checksum that the SDK makes of the body it has, which is none here. */
const sdkChecksum = /^x-amz-(checksum-crc\w+|sdk-checksum-algorithm)$/

/**
 * Signs a request for somebody else. The SDK's own presigner leaves `content-type` out of the signature, moves `x-amz-*`
 * headers into the query, where other servers do not look for them, and cannot sign a hash of the body. `payloadHash`, in
 * hexadecimal digits, makes the server refuse a body that has another.
 */
export async function presignRequest(
  client: S3Client,
  command: Command,
  options: { expiresIn: number; signingDate: Date; payloadHash?: string | undefined },
): Promise<PresignedRequest> {
  const { request, region } = await serializeRequest(client, command)
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => !omittedHeaders.test(name) && !sdkChecksum.test(name)),
  )
  if (options.payloadHash !== undefined) headers['x-amz-content-sha256'] = options.payloadHash
  const names = new Set(Object.keys(headers))
  const signer = await createSigner(client, region)
  const host = hostOf(request)
  const unsigned = options.payloadHash === undefined ? { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } : {}
  const signed = await signer.presign(
    { ...request, query: withoutSdkId(request.query), headers: { ...headers, ...unsigned, host } },
    {
      expiresIn: options.expiresIn,
      signingDate: options.signingDate,
      unhoistableHeaders: names,
      signableHeaders: new Set([...names, 'host']),
    },
  )
  const query = Object.entries(signed.query as Record<string, string>)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&')
  return { url: `${request.protocol}//${host}${request.path}?${query}`, headers }
}

/** `x-id` tells S3's own logs which operation a client meant. */
function withoutSdkId({ 'x-id': _, ...query }: Record<string, string>): Record<string, string> {
  return query
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
