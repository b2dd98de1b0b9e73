import type { S3Client } from '@aws-sdk/client-s3'
import { StorageError } from '@longshore/middleware-core'

/** Time by the server's clock, as far as the client has learned it from answers. */
export function serverTime(client: S3Client): Date {
  return new Date(Date.now() + client.config.systemClockOffset)
}

/**
 * Seconds that a URL signed now can work: no longer than asked for, than `maxMs`, and than the credentials that sign it.
 * `ACCESS_DENIED` when these have ended.
 */
export async function urlLifetime(client: S3Client, maxMs: number, expiresIn = Infinity): Promise<number> {
  const { expiration } = await client.config.credentials()
  const credentialsLeft = expiration ? (expiration.getTime() - serverTime(client).getTime()) / 1000 : Infinity
  if (credentialsLeft < 1) {
    throw new StorageError(
      'ACCESS_DENIED',
      `the credentials ended at ${expiration?.toISOString()}: no URL can be signed`,
    )
  }
  return Math.max(1, Math.floor(Math.min(expiresIn, maxMs / 1000, credentialsLeft)))
}
