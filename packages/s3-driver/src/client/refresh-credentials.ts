import type { S3Client } from '@aws-sdk/client-s3'
import { errorName } from '../errors.ts'

const expired = new Set(['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired'])

/**
 * Asks the provider of credentials for new ones, and repeats the request once, where S3 says that those in use have ended: a
 * provider keeps what it gave by the local clock, or for ever where it was told no end, as of a file that is written anew.
 */
export function refreshExpiredCredentials(client: S3Client): void {
  client.middlewareStack.add(
    next => async args => {
      const used = await client.config.credentials()
      try {
        return await next(args)
      } catch (error) {
        if (!expired.has(errorName(error))) throw error
        const credentials = client.config.credentials as (options: { forceRefresh: boolean }) => Promise<typeof used>
        const current = await client.config.credentials()
        // Another request may have asked already.
        const isNew = current.accessKeyId !== used.accessKeyId || current.sessionToken !== used.sessionToken
        const fresh = isNew ? current : await credentials({ forceRefresh: true })
        if (fresh.accessKeyId === used.accessKeyId && fresh.sessionToken === used.sessionToken) throw error
        return next(args)
      }
    },
    // Around the step that chooses the credentials, and around the retries.
    { step: 'build', name: 'refreshExpiredCredentials', priority: 'low' },
  )
}
