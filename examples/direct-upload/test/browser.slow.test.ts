import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, open, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { describeWith } from '@longshore/e2e/programs'
import { type LocalCloud, startLocalCloud } from '@longshore/local-cloud'
import type { StorageDriver } from '@longshore/middleware-core'
import { s3 } from '@longshore/s3-driver'
import { type Browser, type Page, chromium } from 'playwright-core'
import { createUploadServer } from '../src/server.ts'

const mebibyte = 1024 * 1024
const size = 300 * mebibyte
/** Built before the tests run. */
const client = new URL('../../../packages/middleware-core/dist/upload-client/index.js', import.meta.url)

describeWith(['chromium'], 'a web page that uploads to the bucket', () => {
  let directory: string
  let file: string
  let sha256: string
  let cloud: LocalCloud
  let storage: StorageDriver
  let server: Server
  let url: string
  let browser: Browser
  /** Bytes of bodies that reached the service. */
  let received = 0

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'longshore-browser-'))
    file = join(directory, 'film.mp4')
    sha256 = await writeRandomFile(file)
    cloud = await startLocalCloud({ s3: { bucketSettings: { cors: { origins: ['*'] } } } })
    storage = s3({
      bucket: cloud.bucket,
      region: cloud.region,
      regionEndpoint: cloud.s3.endpoint,
      accessKey: cloud.credentials.accessKeyId,
      secretKey: cloud.credentials.secretAccessKey,
    })
    server = createUploadServer(storage, client).listen(0, '127.0.0.1')
    server.on('request', request => request.on('data', (chunk: Buffer) => (received += chunk.length)))
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'],
    })
  })

  afterAll(async () => {
    await browser?.close()
    server?.close()
    server?.closeAllConnections()
    await storage?.[Symbol.asyncDispose]()
    await cloud?.close()
    await rm(directory, { recursive: true })
  })

  async function newPage(): Promise<Page> {
    const page = await browser.newPage()
    // Half a minute is not always enough on a busy machine. The runner ends what hangs.
    page.setDefaultTimeout(0)
    return page
  }

  it('sends 300 MB with progress, goes on after a reload, and no byte passes the service', async () => {
    const page = await newPage()
    await page.goto(url)
    await page.setInputFiles('#file', file)
    await until(page, 0.3)
    await page.reload()
    const arrived = cloud.s3.requests.count('UploadPart')
    expect(arrived).toBeLessThan(30)
    await page.setInputFiles('#file', file)
    await untilState(page, 'Done')
    const [, path = ''] = /at (\/inbox\/\S+)$/.exec((await page.textContent('#state')) ?? '') ?? []
    expect(await storage.stat(path)).toMatchObject({ size, metadata: { contentType: 'video/mp4' } })
    expect(await sha256Of(storage, path)).toBe(sha256)
    // Those under way at the reload are sent again, and no other.
    expect(cloud.s3.requests.count('UploadPart')).toBeLessThanOrEqual(30 + 4)
    expect(received).toBeLessThan(20_000)
    await page.close()
  })

  it('pauses, resumes, and discards', async () => {
    let parts = 0
    // Eight parts arrive, and no more: the upload does not end by itself.
    cloud.s3.faults.add(({ operation }) =>
      operation === 'UploadPart' && ++parts > 8 ? { kind: 'delay', milliseconds: 3_600_000 } : undefined,
    )
    const page = await newPage()
    await page.goto(url)
    await page.setInputFiles('#file', file)
    await until(page, 0.05)
    await page.click('#pause')
    const [upload] = cloud.s3.bucket(cloud.bucket).uploads()
    await page.click('#resume')
    await until(page, 0.2)
    expect(cloud.s3.bucket(cloud.bucket).uploads()[0]?.uploadId).toBe(upload?.uploadId)
    await page.click('#abort')
    await untilState(page, 'Stopped: the upload was aborted')
    while (cloud.s3.bucket(cloud.bucket).uploads().length > 0) await page.waitForTimeout(10)
    while (cloud.s3.bucket(cloud.bucket).keys('~').length > 0) await page.waitForTimeout(10)
    cloud.s3.faults.clear()
    await page.close()
  })

  it('has S3 refuse a part whose bytes were changed on their way', async () => {
    const page = await newPage()
    await page.goto(url)
    const statuses = await page.evaluate(tamper)
    expect(statuses).toEqual([400, 200])
    await page.close()
  })
})

/** Runs in the page: has a part of the bytes 1, 2, 3 signed, and sends others first. */
const tamper = `(async () => {
  const post = async (path, body) => (await fetch('/uploads' + path, { method: 'POST', body: JSON.stringify(body) })).json()
  const { id } = await post('', { name: 'a.bin', size: 3, type: '' })
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array([1, 2, 3])))
  const sha256 = Array.from(digest, byte => byte.toString(16).padStart(2, '0')).join('')
  const [part] = await post('/' + id + '/parts', [{ number: 1, sha256 }])
  const headers = Object.entries(part.headers).filter(([name]) => name !== 'content-length')
  const send = async bytes => (await fetch(part.url, { method: 'PUT', headers, body: new Uint8Array(bytes) })).status
  return [await send([1, 2, 4]), await send([1, 2, 3])]
})()`

/** Writes a file of random bytes, a piece at a time, and gives its SHA-256. */
async function writeRandomFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  const handle = await open(file, 'w')
  for (let written = 0; written < size; written += mebibyte) {
    const bytes = randomBytes(mebibyte)
    hash.update(bytes)
    await handle.write(bytes)
  }
  await handle.close()
  return hash.digest('hex')
}

async function sha256Of(storage: StorageDriver, path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of await storage.reader(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** Waits until the page shows that much progress, from 0 to 1. */
async function until(page: Page, progress: number): Promise<void> {
  await page.waitForFunction(`document.querySelector('progress').value >= ${progress}`, undefined, { timeout: 0 })
}

async function untilState(page: Page, text: string): Promise<void> {
  await page.waitForFunction(`document.querySelector('#state').value.startsWith('${text}')`, undefined, { timeout: 0 })
}
