import type { S3Client } from '@aws-sdk/client-s3'
import { lazyImport } from '@longshore/middleware-core'
import type { SignatureV4 } from '@smithy/signature-v4'

const signatureV4 = lazyImport(() => import('@smithy/signature-v4'))

/** Any command of the SDK. Its own types of commands do not fit a parameter that takes several. */
export type Command = object

type S3Command = Parameters<S3Client['send']>[0]

/** Request as the SDK would send it. */
export interface SerializedRequest {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly method: string
  readonly path: string
  readonly query: Record<string, string>
  readonly headers: Record<string, string>
}

/** Lets the SDK make the request (endpoint, bucket in host or path, headers) and stops before it is sent. */
export async function serializeRequest(
  client: S3Client,
  command: Command,
): Promise<{ request: SerializedRequest; region: string }> {
  let found: { request: SerializedRequest; region: string } | undefined
  const s3Command = command as S3Command
  s3Command.middlewareStack.add(
    (_next, context) => async args => {
      const { request } = args as unknown as { request: SerializedRequest }
      found = { request, region: String(context['signing_region'] ?? (await client.config.region())) }
      return { response: {}, output: { $metadata: {} } as never }
    },
    { step: 'finalizeRequest', priority: 'low', name: 'takeRequest' },
  )
  await client.send(s3Command)
  if (!found) throw new Error('the SDK made no request')
  return found
}

/** Host of a request, with its port where that is not the scheme's own. */
export function hostOf({ hostname, port }: SerializedRequest): string {
  return port === undefined ? hostname : `${hostname}:${port}`
}

/** Signer with the client's credentials, for a region that a request told. */
export async function createSigner(client: S3Client, region: string): Promise<SignatureV4> {
  const { SignatureV4 } = await signatureV4()
  return new SignatureV4({
    service: 's3',
    region,
    credentials: client.config.credentials,
    sha256: client.config.sha256,
    uriEscapePath: false,
    applyChecksum: false,
  })
}
