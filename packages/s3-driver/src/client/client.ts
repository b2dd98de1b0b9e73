import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { traceRequests } from '../diagnostics.ts'
import type { CheckedS3Options } from '../options.ts'
import { serverOf } from '../server.ts'
import { createAgents } from './agents.ts'
import { addContentMd5, hasChecksum } from './content-md5.ts'
import { refreshExpiredCredentials } from './refresh-credentials.ts'
import { logRequests } from './request-log.ts'
import { SignatureV2 } from './signature-v2.ts'

/** Sockets that one driver may hold: enough for the parts of some dozens of uploads and their readers. */
export const MAX_SOCKETS = 256

/** A client, and the signer in it where that is not the SDK's own. */
export interface SigningClient {
  readonly client: S3Client
  readonly signatureV2: SignatureV2 | undefined
}

/** The SDK's client for a driver's options. `endpoint` replaces the configured one: URLs are signed for a public host. */
export function createClient(options: CheckedS3Options, publicEndpoint?: string): SigningClient {
  const server = serverOf(options)
  const endpoint = publicEndpoint ?? server.endpoint
  const secure = endpoint ? endpoint.startsWith('https:') : options.secure
  const checksums = (options.checksums ?? server.isAmazon) ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED'
  const config: S3ClientConfig = {
    region: options.region ?? server.region ?? 'us-east-1',
    forcePathStyle: options.forcePathStyle,
    // The SDK refuses these beside an endpoint, and a redirect endpoint is one. What nobody asked for is left to the environment.
    ...(endpoint
      ? { useDualstackEndpoint: false, useFipsEndpoint: false }
      : {
          ...(options.useDualstack === undefined ? {} : { useDualstackEndpoint: options.useDualstack }),
          ...(options.useFipsEndpoint === undefined ? {} : { useFipsEndpoint: options.useFipsEndpoint }),
        }),
    useAccelerateEndpoint: !endpoint && options.accelerate,
    useArnRegion: true,
    maxAttempts: options.maxAttempts,
    retryMode: options.retryMode,
    requestChecksumCalculation: checksums,
    responseChecksumValidation: checksums,
    // The SDK sends `Expect: 100-continue` with bodies of 2 MiB and more, and Node then opens a connection for each.
    expectContinueHeader: false,
    // The SDK makes its handler of these. To import the handler's class here would cost every start some milliseconds.
    requestHandler: {
      connectionTimeout: 10_000,
      socketTimeout: options.requestTimeout,
      ...createAgents({ keepAlive: true, maxSockets: MAX_SOCKETS }, { rejectUnauthorized: !options.skipVerify }),
    },
  }
  if (endpoint) config.endpoint = endpoint
  if (options.userAgent) config.customUserAgent = [[options.userAgent]]
  if (options.accessKey !== undefined && options.secretKey !== undefined) {
    const { accessKey: accessKeyId, secretKey: secretAccessKey, sessionToken } = options
    config.credentials = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
  }
  const signatureV2 = options.v4Auth
    ? undefined
    : new SignatureV2(() => client.config.credentials(), options.bucket, endpoint)
  if (signatureV2) config.signer = () => Promise.resolve(signatureV2)
  const client: S3Client = new S3Client(config)
  addContentMd5(client, signatureV2 !== undefined)
  if (secure && !options.skipVerify && !signatureV2) useUnsignedPayload(client)
  if (!secure && !endpoint) forceHttp(client)
  // Nobody hears the SDK's own logger, for which this puts together all that goes in and out: an eighth of a request's CPU time.
  client.middlewareStack.remove('loggerMiddleware')
  refreshExpiredCredentials(client)
  traceRequests(client)
  logRequests(client, options.logLevel)
  return { client, signatureV2 }
}

/**
 * Signature V4 hashes every body with SHA-256, which the server checks. Where a checksum goes with it, and TLS makes certain that it
 * is the server's own that arrives, S3 takes `UNSIGNED-PAYLOAD` for it: less than half the CPU time of an upload. Without TLS, or
 * with any certificate taken for the server's, that hash is all that tells of bytes changed on the way; without a checksum, of bits
 * that flip before they are on a disk.
 */
function useUnsignedPayload(client: S3Client): void {
  const middleware =
    <Input, Output>(next: (args: Input) => Promise<Output>) =>
    (args: Input): Promise<Output> => {
      const { request } = args as { request?: { body?: unknown; headers: Record<string, string> } }
      if (request?.body !== undefined && hasChecksum(request))
        request.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD'
      return next(args)
    }
  // After everything that adds a checksum or takes it out, and before the signature.
  client.middlewareStack.addRelativeTo(middleware, {
    name: 'useUnsignedPayload',
    relation: 'before',
    toMiddleware: 'retryMiddleware',
  })
}

/** The SDK's own `tls: false` does nothing where it finds the endpoint itself. */
function forceHttp(client: S3Client): void {
  client.middlewareStack.add(
    next => args => {
      const { request } = args as { request?: { protocol: string } }
      if (request) request.protocol = 'http:'
      return next(args)
    },
    { step: 'build', name: 'forceHttp' },
  )
}
