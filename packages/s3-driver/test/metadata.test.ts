import { describe, expect, it } from '@jest/globals'
import { content, part, useFixture } from './cloud.ts'

const fixture = useFixture()
const metadata = {
  contentType: 'text/html; charset=utf-8',
  cacheControl: 'public, max-age=60',
  contentDisposition: 'inline',
  contentEncoding: 'br',
  contentLanguage: 'de',
  custom: { build: '4711', 'git-ref': 'main' },
}

describe('metadata', () => {
  it('is stored and told, without what the driver keeps beside it', async () => {
    const { driver } = fixture
    await driver.putContent('/a', 'x', { metadata })
    expect((await driver.stat('/a')).metadata).toEqual(metadata)
    await driver.putContent('/a', 'x', {
      metadata: { contentType: 'auto' },
      ifRevision: (await driver.stat('/a')).revision,
    })
    expect((await driver.stat('/a')).metadata).toEqual({ contentType: 'application/octet-stream' })
  })

  it.each([
    ['small', 100],
    ['of several parts', 3 * part],
  ])('of a file that is %s moves with it', async (_, size) => {
    const driver = fixture.another({ multipartCopyChunkSize: part, multipartCopyThresholdSize: part })
    await driver.putContent('/a', content(size), { metadata })
    await driver.move('/a', '/b')
    expect((await driver.stat('/b')).metadata).toEqual(metadata)
  })

  it('goes with a stream', async () => {
    const { driver } = fixture
    const source = async function* (): AsyncGenerator<Buffer> {
      yield content(2 * part)
    }
    const { revision } = await driver.putStream('/film.mp4', source(), { metadata: { contentType: 'auto' } })
    expect(await driver.stat('/film.mp4')).toMatchObject({ revision, metadata: { contentType: 'video/mp4' } })
  })

  it('of the registry is what Distribution writes', async () => {
    const { driver } = fixture
    await driver.putContent('/a', 'x')
    const { url = '' } = (await driver.urlFor('/a')) ?? {}
    const { headers } = await fetch(url)
    expect(headers.get('content-type')).toBe('application/octet-stream')
    expect([...headers.keys()].filter(name => name.startsWith('x-amz-meta-'))).toEqual([])
  })
})

describe('a download', () => {
  it.each(['Größe 1.pdf', '日本 🙂.pdf', `a"b;c%d'.pdf`])('is named %s', async fileName => {
    const { driver } = fixture
    await driver.putContent('/a', 'x')
    const signed = await driver.urlFor('/a', { download: { fileName, contentType: 'application/pdf' } })
    const { status, headers } = await fetch(signed?.url ?? '')
    expect([status, headers.get('content-type')]).toEqual([200, 'application/pdf'])
    const [, exact] = /filename\*=UTF-8''([^;]+)/.exec(headers.get('content-disposition') ?? '') ?? []
    const [, quoted] = /filename="((?:[^"\\]|\\.)*)"/.exec(headers.get('content-disposition') ?? '') ?? []
    expect(exact === undefined ? quoted?.replace(/\\(.)/g, '$1') : decodeURIComponent(exact)).toBe(fileName)
  })
})

describe('a range', () => {
  it('costs one GET of exactly those bytes', async () => {
    const { driver, cloud } = fixture
    await driver.putContent('/a', content(1000))
    cloud.s3.requests.reset()
    const chunks = await (await driver.reader('/a', { offset: 10, length: 20 })).toArray()
    expect(Buffer.concat(chunks as Buffer[]).equals(content(1000).subarray(10, 30))).toBe(true)
    expect(cloud.s3.requests.counts()).toEqual({ GetObject: 1 })
    expect(cloud.s3.requests.records[0]?.bytesOut).toBe(20)
  })
})
