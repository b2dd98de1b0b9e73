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

/** The channel on which the driver announces each request when its answer is there. */
export const s3RequestChannel = channel('longshore:s3-request')

/** The channel on which the memory of all uploads announces each change. */
export const uploadMemoryChannel = channel('longshore:upload-memory')

/** Announces the client's requests. Without a subscriber that costs one property read a request. */
export function announceRequests(client: S3Client): void {
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      args =>
        s3RequestChannel.hasSubscribers ? announced(operationOf(commandName), () => next(args)) : next(args),
    // Around the deserializer, which turns an answer into an error, and inside of the retries.
    { step: 'deserialize', name: 'announceRequests', priority: 'high' },
  )
}

/** Announces the memory when anybody listens. */
export function announceMemory(used: number, limit: number): void {
  if (uploadMemoryChannel.hasSubscribers) uploadMemoryChannel.publish({ used, limit } satisfies UploadMemoryTrace)
}

async function announced<Result extends { response: unknown }>(
  operation: string,
  request: () => Promise<Result>,
): Promise<Result> {
  const started = performance.now()
  const announce = (status: number | undefined): void => {
    const milliseconds = performance.now() - started
    s3RequestChannel.publish({ operation, status, milliseconds } satisfies S3RequestTrace)
  }
  try {
    const result = await request()
    announce((result.response as { statusCode?: number }).statusCode)
    return result
  } catch (error) {
    announce((error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode)
    throw error
  }
}

function operationOf(commandName: string): string {
  return commandName.replace(/Command$/, '')
}
