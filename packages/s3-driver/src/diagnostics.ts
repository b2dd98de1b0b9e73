import { channel } from 'node:diagnostics_channel'
import type { S3Client } from '@aws-sdk/client-s3'

/** One request to S3 and its answer, as subscribers of the `longshore:s3-request` channel see it. A retry is another one. */
export interface S3RequestTrace {
  /** S3's name of the operation: `PutObject`, `UploadPart`, ... */
  readonly operation: string
  /** The answer's HTTP status; undefined when none came. */
  readonly status: number | undefined
  /** From sending the request until the answer was read, but not a body that is a stream. */
  readonly milliseconds: number
}

/** Memory that the uploads of the process hold, as subscribers of the `longshore:upload-memory` channel see it. */
export interface UploadMemoryTrace {
  /** Bytes that are reserved at the moment. */
  readonly used: number
  /** Bytes that may be reserved. */
  readonly limit: number
}

/** Channel on which the driver publishes each request when its answer is there. */
export const s3RequestChannel = channel('longshore:s3-request')

/** Channel on which each change of the memory of all uploads is published. */
export const uploadMemoryChannel = channel('longshore:upload-memory')

/** Publishes the client's requests on {@link s3RequestChannel}. Without a subscriber that costs one property read a request. */
export function traceRequests(client: S3Client): void {
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      args =>
        s3RequestChannel.hasSubscribers ? traced(operationOf(commandName), () => next(args)) : next(args),
    // Around the deserializer, which turns an answer into an error, and inside of the retries.
    { step: 'deserialize', name: 'traceRequests', priority: 'high' },
  )
}

/** Publishes the memory of all uploads on {@link uploadMemoryChannel} when anybody listens. */
export function publishMemoryUse(used: number, limit: number): void {
  if (uploadMemoryChannel.hasSubscribers) uploadMemoryChannel.publish({ used, limit } satisfies UploadMemoryTrace)
}

async function traced<Result extends { response: unknown }>(
  operation: string,
  request: () => Promise<Result>,
): Promise<Result> {
  const started = performance.now()
  const publish = (status: number | undefined): void => {
    const milliseconds = performance.now() - started
    s3RequestChannel.publish({ operation, status, milliseconds } satisfies S3RequestTrace)
  }
  try {
    const result = await request()
    publish((result.response as { statusCode?: number }).statusCode)
    return result
  } catch (error) {
    publish((error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode)
    throw error
  }
}

function operationOf(commandName: string): string {
  return commandName.replace(/Command$/, '')
}
