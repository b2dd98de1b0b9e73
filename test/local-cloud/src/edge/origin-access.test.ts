import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { view } from '../../test/viewer.ts'
import { type Distribution, type LocalCloud, startLocalCloud } from '../index.ts'

const bearer = { authorization: 'Bearer of-a-registry' }
let cloud: LocalCloud
let defaults: Distribution

beforeAll(async () => {
  cloud = await startLocalCloud()
  defaults = { ...cloud.edge.distribution }
})
beforeEach(async () => {
  Object.assign(cloud.edge.distribution, defaults)
  cloud.s3.permissions.cloudFront = ['s3:GetObject']
  cloud.edge.invalidate()
  await cloud.s3.bucket(cloud.bucket).put('k', 'content')
})
afterAll(() => cloud.close())

/** Status, code, message, and whether it is in S3's words. */
async function outcome(headers: Record<string, string> = {}, key = 'k', method = 'GET') {
  const { status, code, body, cache, headers: answered } = await view(cloud, key, { headers, method })
  const message = /<Message>([^<]*)/.exec(body.toString())?.[1]
  return [status, code, message, cache, answered.get('server')]
}

const served = [200, undefined, undefined, 'Miss', 'AmazonS3']
const denied = [403, 'AccessDenied', 'Access Denied', 'Error', 'AmazonS3']

describe('origin access control', () => {
  it('always: signs in place of whatever the viewer sent', async () => {
    cloud.edge.distribution.forwardsAuthorization = 'origin-request-policy'
    expect(await outcome(bearer)).toEqual(served)
  })

  it('never: the bucket refuses what is not signed, in its own words', async () => {
    cloud.edge.distribution.originAccess = 'never'
    expect(await outcome()).toEqual(denied)
    const { body, headers } = await view(cloud, 'k')
    expect(body.toString()).toMatch(/<RequestId>\w+<\/RequestId><HostId>/)
    expect([headers.get('content-type'), headers.get('x-amz-request-id')]).toEqual(['application/xml', null])
    expect((await outcome({}, 'k', 'HEAD'))[0]).toBe(403)
  })

  it('no-override: signs, and passes on an Authorization as it is', async () => {
    cloud.edge.distribution.originAccess = 'no-override'
    expect(await outcome()).toEqual(served)
    expect(await outcome(bearer)).toEqual([
      400,
      'InvalidArgument',
      'Unsupported Authorization Type',
      'Error',
      'AmazonS3',
    ])
    // The header is in the cache key: others are not harmed.
    expect((await outcome())[3]).toBe('Hit')
    expect(cloud.s3.requests.records.at(-1)?.headers.authorization).toBe(bearer.authorization)
  })

  it('no-override, and no policy that forwards it: neither signed nor passed on', async () => {
    Object.assign(cloud.edge.distribution, { originAccess: 'no-override', forwardsAuthorization: 'none' })
    expect(await outcome(bearer)).toEqual(denied)
    expect(cloud.s3.requests.records.at(-1)?.headers.authorization).toBeUndefined()
  })

  it('no-override with an origin request policy: a hit does not show it', async () => {
    Object.assign(cloud.edge.distribution, {
      originAccess: 'no-override',
      forwardsAuthorization: 'origin-request-policy',
    })
    expect((await outcome(bearer))[0]).toBe(400)
    expect(await outcome()).toEqual(served)
    expect((await outcome(bearer)).slice(0, 4)).toEqual([200, undefined, undefined, 'Hit'])
  })

  it('never, with a policy that forwards it', async () => {
    Object.assign(cloud.edge.distribution, { originAccess: 'never', forwardsAuthorization: 'origin-request-policy' })
    expect((await outcome(bearer)).slice(0, 2)).toEqual([400, 'InvalidArgument'])
  })
})

describe("the bucket's policy for the distribution", () => {
  it('s3:GetObject alone: what is not there is AccessDenied', async () => {
    expect(await outcome({}, 'absent')).toEqual(denied)
    expect((await outcome({}, 'absent', 'HEAD'))[0]).toBe(403)
  })

  it('s3:ListBucket too: it is NoSuchKey', async () => {
    cloud.s3.permissions.cloudFront = ['s3:GetObject', 's3:ListBucket']
    expect((await outcome({}, 'absent')).slice(0, 2)).toEqual([404, 'NoSuchKey'])
  })

  it('none: nothing is served', async () => {
    cloud.s3.permissions.cloudFront = []
    expect(await outcome()).toEqual(denied)
  })
})

it('redirects to the region while the global name of a new bucket is not known everywhere', async () => {
  await using far = await startLocalCloud({ region: 'eu-central-1', edge: { originDomain: 'global' } })
  await far.s3.bucket(far.bucket).put('k', 'content')
  const { status, code, headers, cache, body } = await view(far, 'k')
  expect([status, code, cache]).toEqual([307, 'TemporaryRedirect', 'Miss'])
  expect(headers.get('location')).toBe('https://longshore.s3.eu-central-1.amazonaws.com/k')
  expect(body.toString()).toContain('<Endpoint>longshore.s3.eu-central-1.amazonaws.com</Endpoint>')
  cloud.edge.distribution.originDomain = 'global'
  expect(await outcome()).toEqual(served)
})
