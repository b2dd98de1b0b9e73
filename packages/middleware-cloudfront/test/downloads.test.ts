import { execFile } from 'node:child_process'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type LocalCloud, startLocalCloud } from '@longshore/local-cloud'
import { type StorageDriver, compose } from '@longshore/middleware-core'
import { s3 } from '@longshore/s3-driver'
import { cloudfront } from '../src/index.ts'

let cloud: LocalCloud
let storage: StorageDriver
let directory: string

beforeAll(async () => {
  cloud = await startLocalCloud({ edge: { queryStrings: await queryStringsOfReadme() } })
  directory = await mkdtemp(join(tmpdir(), 'longshore-downloads-'))
  storage = open({})
  await storage.putContent('/report', 'content')
})
afterAll(async () => {
  await storage[Symbol.asyncDispose]()
  await cloud.close()
  await rm(directory, { recursive: true })
})

function open(options: Partial<Parameters<typeof cloudfront>[0]>): StorageDriver {
  const bucket = s3({
    region: cloud.region,
    regionEndpoint: cloud.s3.endpoint,
    accessKey: cloud.credentials.accessKeyId,
    secretKey: cloud.credentials.secretAccessKey,
    bucket: cloud.bucket,
  })
  const { privateKey, keyPairId } = cloud
  return compose(bucket, cloudfront({ baseUrl: cloud.edge.baseUrl, privateKey, keyPairId, ...options }))
}

/** Query strings that the README tells operators to let through. */
async function queryStringsOfReadme(): Promise<string[]> {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const step = /^5\. .*?(?=^6\. )/ms.exec(readme)?.[0] ?? ''
  return step.match(/(?<=`)response-[a-z-]+(?=`)/g) ?? []
}

describe('a download through the edge', () => {
  it.each([
    'report.pdf',
    'Größe 1.pdf',
    '日本語.pdf',
    'تقرير.pdf',
    '🙂.pdf',
    `a"b;c%d'e*.pdf`,
    `${'x'.repeat(150)}.pdf`,
  ])('is saved by curl as %s', async fileName => {
    const signed = await storage.urlFor('/report', { download: { fileName, contentType: 'application/pdf' } })
    expect(signed?.via).toBe('cloudfront')
    const { headers } = await fetch(signed?.url ?? '')
    expect(headers.get('content-type')).toBe('application/pdf')
    const encoded = /filename\*=UTF-8''([^;]+)/.exec(headers.get('content-disposition') ?? '')?.[1]
    if (encoded !== undefined) expect(decodeURIComponent(encoded)).toBe(fileName)
    // curl reads the plain form only, and no escapes in it.
    if (!/^[\w. -]+$/.test(fileName)) return
    await promisify(execFile)('curl', ['-sfOJ', signed?.url ?? ''], { cwd: directory })
    expect(await readdir(directory)).toContain(fileName)
  })

  it('has every header that was asked for, with the cache policy of the README', async () => {
    const download = {
      disposition: 'inline',
      contentType: 'text/html',
      contentLanguage: 'de',
      contentEncoding: 'identity',
      cacheControl: 'no-store',
    } as const
    const { headers } = await fetch((await storage.urlFor('/report', { download }))?.url ?? '')
    const names = ['disposition', 'type', 'language', 'encoding'].map(name => `content-${name}`)
    expect([...names, 'cache-control'].map(name => headers.get(name))).toEqual(Object.values(download).slice(0, 5))
  })

  it("is another URL for another name, and the driver's where a custom policy would open others", async () => {
    const urls = ['a.pdf', 'b.pdf', undefined].map(async fileName =>
      storage.urlFor('/report', fileName === undefined ? {} : { download: { fileName } }),
    )
    expect(new Set((await Promise.all(urls)).map(signed => signed?.url)).size).toBe(3)
    expect(storage.capabilities.downloads).toBe(true)
    await using custom = open({ policy: 'custom' })
    expect(custom.capabilities.downloads).toBe(true)
    const signed = await custom.urlFor('/report', { download: { fileName: 'a.pdf' } })
    expect(signed?.via).toBe('s3')
    expect((await fetch(signed?.url ?? '')).headers.get('content-disposition')).toBe('attachment; filename=a.pdf')
    const { client, ...bound } = { client: { ip: '127.0.0.1' }, policy: 'custom' as const, bindClientIp: true }
    await using closed = open(bound)
    expect(closed.capabilities.downloads).toBe(false)
    expect(await closed.urlFor('/report', { client, download: { fileName: 'a.pdf' } })).toBeUndefined()
  })

  it('is refused with another name than the signed one', async () => {
    const signed = await storage.urlFor('/report', { download: { fileName: 'a.pdf' } })
    expect((await fetch((signed?.url ?? '').replace('a.pdf', 'b.pdf'))).status).toBe(403)
  })
})
