import { createServer } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { always } from '@longshore/local-cloud'
import { type S3Driver, failure, useFixture } from './cloud.ts'

const bench = useFixture()
const before = process.env

beforeEach(() => {
  // Nothing of the machine's own: no profile, no role.
  process.env = {
    PATH: before['PATH'],
    HOME: '/nowhere',
    AWS_SHARED_CREDENTIALS_FILE: '/nowhere/credentials',
    AWS_CONFIG_FILE: '/nowhere/config',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
})
afterEach(() => {
  process.env = before
  delete bench.cloud.credentials.sessionToken
})

/** A driver that is told of no keys. */
function withoutKeys(): S3Driver {
  return bench.another({ accessKey: undefined, secretKey: undefined, maxAttempts: 1 })
}

describe('without accesskey and secretkey', () => {
  it('the keys of the environment are used', async () => {
    const { accessKeyId, secretAccessKey } = bench.cloud.credentials
    process.env['AWS_ACCESS_KEY_ID'] = accessKeyId
    process.env['AWS_SECRET_ACCESS_KEY'] = secretAccessKey
    await withoutKeys().putContent('/a', 'content')
    expect(bench.bucket.keys()).toEqual(['a'])
  })

  it('empty ones count as absent', async () => {
    process.env['AWS_ACCESS_KEY_ID'] = bench.cloud.credentials.accessKeyId
    process.env['AWS_SECRET_ACCESS_KEY'] = bench.cloud.credentials.secretAccessKey
    await bench.another({ accessKey: '', secretKey: '' }).putContent('/a', 'content')
    expect(bench.bucket.keys()).toEqual(['a'])
  })

  it("a container's role is asked for, and presigned URLs end with its credentials", async () => {
    const asked: (string | undefined)[] = []
    const expiration = new Date(Date.now() + 600_000)
    const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey } = bench.cloud.credentials
    const answer = { AccessKeyId, SecretAccessKey, Token: 'role-token', Expiration: expiration.toISOString() }
    const server = createServer((request, response) => {
      asked.push(request.headers.authorization)
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(answer))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = `http://127.0.0.1:${port}/role`
    process.env['AWS_CONTAINER_AUTHORIZATION_TOKEN'] = 'pod-token'
    const driver = withoutKeys()
    const signed = await driver.urlFor('/a')
    await driver.urlFor('/b')
    await new Promise(resolve => server.close(resolve))

    expect(asked).toEqual(['pod-token'])
    const { searchParams } = new URL(signed?.url ?? '')
    expect(searchParams.get('X-Amz-Security-Token')).toBe('role-token')
    expect(searchParams.get('X-Amz-Credential')).toMatch(new RegExp(`^${AccessKeyId}/`))
    expect(signed?.expiresAt.getTime()).toBeLessThanOrEqual(expiration.getTime())
    expect(Number(searchParams.get('X-Amz-Expires'))).toBeGreaterThan(590)
  })

  it('credentials that S3 says have ended are renewed once, and the request is repeated', async () => {
    const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey } = bench.cloud.credentials
    let count = 0
    const server = createServer((_, response) => {
      const Expiration = new Date(Date.now() + 3_600_000).toISOString()
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ AccessKeyId, SecretAccessKey, Token: `token-${++count}`, Expiration }))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = `http://127.0.0.1:${port}/role`
    const seen: unknown[] = []
    const isRefused = (token: unknown): boolean => token === 'token-1' || token === 'token-3'
    bench.cloud.s3.faults.add(({ headers }) => {
      seen.push(headers['x-amz-security-token'])
      const code = isRefused(headers['x-amz-security-token']) ? 'ExpiredToken' : undefined
      return code ? { kind: 'error', status: 400, code } : undefined
    })
    // The server takes the second of the tokens.
    bench.cloud.credentials.sessionToken = 'token-2'
    const driver = withoutKeys()
    await driver.putContent('/a', 'content')
    expect(seen).toEqual(['token-1', 'token-2'])
    await Promise.all([driver.putContent('/b', 'content'), driver.getContent('/a')])
    expect(count).toBe(2)
    bench.cloud.s3.faults.add(always({ kind: 'error', status: 400, code: 'ExpiredToken' }))
    await expect(driver.putContent('/c', 'content')).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
    expect(seen.slice(-2)).toEqual(['token-2', 'token-3'])
    await new Promise(resolve => server.close(resolve))
  })

  it('and none anywhere, the call is ACCESS_DENIED', async () => {
    const error = (await failure(withoutKeys().putContent('/a', 'content'))) as Error
    expect(error).toMatchObject({ code: 'ACCESS_DENIED' })
    expect(error.message).toMatch(/^s3: no credentials for S3: /)
    expect(bench.cloud.s3.requests.count()).toBe(0)
  })
})
