import { Agent } from 'node:http'
import type { LookupFunction } from 'node:net'
import { S3Client } from '@aws-sdk/client-s3'
import type { S3ClientConfig } from '@aws-sdk/client-s3'
import { LOCAL_CREDENTIALS } from '../src/index.ts'
import type { LocalS3 } from '../src/index.ts'

/** The real SDK on a local endpoint. No retries unless a test is about them: a fault is then seen as it is. */
export function sdk(s3: LocalS3, config: S3ClientConfig = {}): S3Client {
  return new S3Client({
    endpoint: s3.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: LOCAL_CREDENTIALS,
    maxAttempts: 1,
    ...config,
  })
}

/** Every name is this machine, as not every resolver knows of `bucket.localhost`. */
export function loopbackAgent(): Agent {
  return new Agent({ keepAlive: true, lookup: toLoopback })
}

const toLoopback: LookupFunction = (_name, options, callback) => {
  if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }])
  else callback(null, '127.0.0.1', 4)
}

/** What the SDK throws, reduced to what a server decides. */
export async function failure(promise: Promise<unknown>): Promise<{ code: string; status: number | undefined }> {
  try {
    await promise
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const metadata = '$metadata' in error ? (error.$metadata as { httpStatusCode?: number }) : {}
    const code = 'Code' in error && typeof error.Code === 'string' ? error.Code : error.name
    return { code, status: metadata.httpStatusCode }
  }
  throw new Error('this was expected to fail')
}

/** Lets the event loop turn until something is so. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(resolve => setImmediate(resolve))
}
