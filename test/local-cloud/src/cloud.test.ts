import { Agent } from 'node:https'
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from '@jest/globals'
import { failure, sdk } from '../test/client.ts'
import { view } from '../test/viewer.ts'
import { certify, startLocalCloud } from './index.ts'

const hour = 3_600_000
const Bucket = 'longshore'
const Key = 'k'

describe('a clock that is not that of this machine', () => {
  it('refuses signatures of S3 that are more than 15 minutes off, and tells its time', async () => {
    await using cloud = await startLocalCloud({ clockOffsetMs: hour })
    const client = sdk(cloud.s3)
    const put = () => client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))
    expect(await failure(put())).toEqual({ code: 'RequestTimeTooSkewed', status: 403 })
    const answer = await fetch(`${cloud.s3.endpoint}/${Bucket}/${Key}`)
    await answer.text()
    const ahead = Date.parse(answer.headers.get('date')!) - Date.now()
    expect(ahead).toBeGreaterThan(hour - 120_000)
    expect(ahead).toBeLessThan(hour + 1000)
    cloud.clock.offsetMs = 14 * 60_000
    const patient = sdk(cloud.s3)
    await patient.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))
    const { LastModified } = await patient.send(new HeadObjectCommand({ Bucket, Key }))
    expect(LastModified!.getTime()).toBeGreaterThan(Date.now())
    client.destroy()
    patient.destroy()
  })

  it('is what the edge holds against the end of a signature', async () => {
    await using cloud = await startLocalCloud()
    await cloud.s3.bucket(Bucket).put(Key, 'content')
    expect((await view(cloud, Key, { seconds: 600 })).status).toBe(200)
    cloud.clock.offsetMs = hour
    const late = await view(cloud, Key, { seconds: 600 })
    expect([late.status, late.code]).toEqual([403, 'AccessDenied'])
    expect(Date.parse(late.headers.get('date')!)).toBeGreaterThan(Date.now() + hour / 2)
    // Bucket and edge have the same time: AWS's own requests are never off.
    cloud.edge.invalidate()
    expect((await view(cloud, Key, { seconds: 7200 })).status).toBe(200)
  })
})

it('is a bucket behind HTTPS, too', async () => {
  const tls = certify({ name: 'S3' })
  await using cloud = await startLocalCloud({ s3: { tls } })
  expect(cloud.s3.endpoint).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
  const client = sdk(cloud.s3, { requestHandler: { httpsAgent: new Agent({ ca: tls.cert }) } })
  await client.send(new PutObjectCommand({ Bucket, Key, Body: 'content' }))
  expect(await (await client.send(new GetObjectCommand({ Bucket, Key }))).Body!.transformToString()).toBe('content')
  client.destroy()
  expect((await view(cloud, Key)).body.toString()).toBe('content')
  const strange = sdk(cloud.s3)
  await expect(strange.send(new GetObjectCommand({ Bucket, Key }))).rejects.toThrow(/self.signed/)
  strange.destroy()
})
