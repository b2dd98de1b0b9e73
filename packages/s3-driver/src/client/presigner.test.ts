import { S3Client } from '@aws-sdk/client-s3'
import { describe, expect, it } from '@jest/globals'
import { Bucket } from '../bucket.ts'
import { s3Options } from '../options.ts'
import { Presigner } from './presigner.ts'

/** A presigner whose credentials end some seconds from now, as those of a role do. */
function presignerFor(seconds: number): Presigner {
  const expiration = new Date(Date.now() + seconds * 1000)
  const credentials = { accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'token', expiration }
  const client = new S3Client({ region: 'eu-central-1', credentials: () => Promise.resolve(credentials) })
  const options = s3Options.parse({ region: 'eu-central-1', bucket: 'artifacts' })
  return new Presigner(new Bucket(client, options), client, options.urlExpiry)
}

describe('a presigned URL', () => {
  it('says no longer life than the credentials have that signed it', async () => {
    const signed = await presignerFor(600).presign('/a', { method: 'GET' })
    const lifetime = Number(new URL(signed.url).searchParams.get('X-Amz-Expires'))
    expect(lifetime).toBeLessThanOrEqual(600)
    expect(lifetime).toBeGreaterThan(590)
    expect(signed.expiresAt.getTime()).toBeLessThanOrEqual(Date.now() + 600_000)
  })

  it('is refused where those have ended', async () => {
    for (const seconds of [0, -86_400]) {
      await expect(presignerFor(seconds).presign('/a', { method: 'GET' })).rejects.toMatchObject({
        code: 'ACCESS_DENIED',
        message: expect.stringContaining('the credentials ended at'),
      })
    }
  })

  it('lives as long as urlexpiry says when the credentials outlive it', async () => {
    const signed = await presignerFor(86_400).presign('/a', { method: 'GET' })
    expect(new URL(signed.url).searchParams.get('X-Amz-Expires')).toBe('1200')
  })
})
