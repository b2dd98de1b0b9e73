import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type LocalCloud, startLocalCloud } from '@longshore/local-cloud'
import { cloudfront } from '@longshore/middleware-cloudfront'
import { type StorageDriver, compareBytes, compose } from '@longshore/middleware-core'
import { s3 } from '@longshore/s3-driver'
import { describeWith } from './src/programs.ts'
import { randomPaths } from './src/random-paths.ts'

const paths = [...randomPaths(10_000, 20261127)]
const contentOf = (path: string): string => `content of ${path}`

/** Runs `task` for all, 16 at a time. */
async function forAll(items: readonly string[], task: (item: string, index: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) await task(items[index] ?? '', index)
  }
  await Promise.all(Array.from({ length: 16 }, worker))
}

describeWith(['curl'], 'of 10,000 random legal names', () => {
  let directory: string
  let cloud: LocalCloud
  let bucket: StorageDriver
  let storage: StorageDriver

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'longshore-names-'))
    cloud = await startLocalCloud()
    bucket = s3({
      region: cloud.region,
      regionEndpoint: cloud.s3.endpoint,
      accessKey: cloud.credentials.accessKeyId,
      secretKey: cloud.credentials.secretAccessKey,
      bucket: cloud.bucket,
    })
    const { privateKey, keyPairId } = cloud
    storage = compose(bucket, cloudfront({ baseUrl: cloud.edge.baseUrl, privateKey, keyPairId }))
    await forAll(paths, async path => {
      await storage.putContent(`/written${path}`, contentOf(path))
      await storage.move(`/written${path}`, `/names${path}`)
    })
  })

  afterAll(async () => {
    await storage[Symbol.asyncDispose]()
    await cloud.close()
    await rm(directory, { recursive: true })
  })

  /** Fetches all URLs with one curl, several at once, and gives what it saved. */
  async function fetchWithCurl(urls: readonly string[]): Promise<string[]> {
    const folder = join(directory, 'curl')
    await mkdir(folder, { recursive: true })
    const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
    const lines = urls.map((url, index) => `url = ${quoted(url)}\noutput = ${quoted(join(folder, `${index}`))}`)
    const config = join(directory, 'curl.config')
    await writeFile(config, `fail\nsilent\nshow-error\ngloboff\npath-as-is\nparallel\n${lines.join('\n')}\n`)
    await promisify(execFile)('curl', ['--config', config])
    return Promise.all(urls.map((_, index) => readFile(join(folder, `${index}`), 'utf8')))
  }

  it('every one is stored under its very bytes', () => {
    const keys = cloud.s3.bucket(cloud.bucket).keys()
    expect(keys.toSorted(compareBytes)).toEqual(paths.map(path => `names${path}`).toSorted(compareBytes))
  })

  it('every one is walked, in the order of bytes, and listed', async () => {
    const walked: string[] = []
    const directories = ['/names']
    for await (const entry of storage.walk('/names')) {
      if (entry.isDirectory) directories.push(entry.path)
      else walked.push(entry.path)
    }
    expect(walked).toEqual(paths.map(path => `/names${path}`).toSorted(compareBytes))
    const listed: string[] = []
    await forAll(directories, async path => {
      listed.push(...(await storage.list(path)))
    })
    expect(new Set(listed)).toEqual(new Set([...walked, ...directories.slice(1)]))
  })

  it('every one is read and told of', async () => {
    await forAll(paths, async path => {
      expect(await storage.stat(`/names${path}`)).toMatchObject({ size: Buffer.byteLength(contentOf(path)) })
      expect(Buffer.from(await storage.getContent(`/names${path}`)).toString()).toBe(contentOf(path))
    })
  })

  it.each([
    ['presigned by S3', (): StorageDriver => bucket, 's3'],
    ['signed for CloudFront', (): StorageDriver => storage, 'cloudfront'],
  ])('every one is %s and arrives through fetch and curl', async (_, driver, via) => {
    const urls: string[] = []
    await forAll(paths, async (path, index) => {
      const signed = await driver().urlFor(`/names${path}`)
      expect(signed?.via).toBe(via)
      urls[index] = signed?.url ?? ''
      const response = await fetch(urls[index])
      expect([response.status, await response.text()]).toEqual([200, contentOf(path)])
    })
    const fetched = await fetchWithCurl(urls)
    expect(fetched).toEqual(paths.map(contentOf))
  })
})
