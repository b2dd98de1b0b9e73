import type { S3Client } from '@aws-sdk/client-s3'

/** Factor by which a server may be silent for longer while it completes an upload or copies an object. */
const TIMEOUT_FACTOR = 10

/**
 * Gives the client for requests that a server works on for long before it answers: Amazon sends white space meanwhile, others
 * nothing. It is the same client with ten times the request timeout. A client that has another request handler than the SDK's own
 * keeps its timeout.
 */
export function longTimeoutClient(client: S3Client): S3Client {
  const handler = client.config.requestHandler
  const { httpHandlerConfigs } = handler as { httpHandlerConfigs?(): { socketTimeout?: number } }
  const options = httpHandlerConfigs?.call(handler) ?? {}
  // The handler knows its options once it has sent its first request.
  if (!options.socketTimeout) return client
  const Handler = handler.constructor as new (options: object) => typeof handler
  const requestHandler = new Handler({ ...options, socketTimeout: TIMEOUT_FACTOR * options.socketTimeout })
  return Object.create(client, { config: { value: { ...client.config, requestHandler } } }) as S3Client
}
