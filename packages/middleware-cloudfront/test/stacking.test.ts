import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LocalCloud, startLocalCloud } from '@longshore/local-cloud'
import {
  ForwardingDriver,
  type Middleware,
  type StorageDriver,
  compose,
  filesystem,
  inmemory,
  redirect,
  rewrite,
} from '@longshore/middleware-core'
import { s3 } from '@longshore/s3-driver'
import { cloudfront } from '../src/index.ts'
import { readSignedUrl } from './signed-url.ts'

let cloud: LocalCloud
let directory: string
beforeAll(async () => {
  cloud = await startLocalCloud()
  directory = await mkdtemp(join(tmpdir(), 'longshore-stack-'))
})
afterAll(async () => {
  await cloud.close()
  await rm(directory, { recursive: true })
})

/** Drivers, and what their objects are called in the bucket. */
const drivers: Record<string, { key: string; open: () => StorageDriver }> = {
  s3: {
    key: 'root dir/a/b',
    open: () =>
      s3({
        region: cloud.region,
        regionEndpoint: cloud.s3.endpoint,
        accessKey: cloud.credentials.accessKeyId,
        secretKey: cloud.credentials.secretAccessKey,
        bucket: cloud.bucket,
        rootDirectory: 'root dir',
      }),
  },
  filesystem: { key: 'a/b', open: () => filesystem({ rootDirectory: directory }) },
  inmemory: { key: 'a/b', open: () => inmemory() },
}

/** An instrumented driver, as somebody else may write one. */
class Counting extends ForwardingDriver {
  readonly calls: string[] = []

  override urlFor(...call: Parameters<StorageDriver['urlFor']>): ReturnType<StorageDriver['urlFor']> {
    this.calls.push('urlFor')
    return super.urlFor(...call)
  }
}

const middlewares: Record<string, () => Middleware> = {
  cloudfront: () => {
    const { edge, privateKey, keyPairId } = cloud
    return cloudfront({ baseUrl: edge.baseUrl, privateKey, keyPairId })
  },
  counting: () => driver => new Counting(driver),
  redirect: () => redirect({ baseUrl: 'https://mirror.test/' }),
  rewrite: () => rewrite({ host: 'pull.test' }),
  forwarding: () => driver => new ForwardingDriver(driver),
}

function* orders<T>(items: T[]): Generator<T[]> {
  if (items.length === 0) yield []
  for (const [index, item] of items.entries()) {
    for (const rest of orders(items.toSpliced(index, 1))) yield [item, ...rest]
  }
}

const stacks = [...orders(Object.keys(middlewares))].map(order => order.join(', '))

describe.each(Object.entries(drivers))('over %s, from the inside out,', (_, { key, open }) => {
  let driver: StorageDriver
  beforeAll(async () => {
    driver = open()
    await driver.putContent('/a/b', 'content')
    // What another driver than S3 holds comes to the bucket in another way.
    await cloud.s3.bucket(cloud.bucket).put(key, 'content')
  })
  afterAll(() => driver[Symbol.asyncDispose]())

  it.each(stacks)('%s knows the object by its key, and the edge serves it', async stack => {
    const order = stack.split(', ')
    const storage = compose(driver, ...order.map(name => (middlewares[name] as () => Middleware)()))
    expect(storage.keyFor?.('/a/b')).toBe(key)

    const signed = await storage.urlFor('/a/b')
    const isRedirected = order.indexOf('redirect') > order.indexOf('cloudfront')
    expect(signed?.via).toBe(isRedirected ? 'redirect' : 'cloudfront')
    if (!signed || isRedirected) return

    // A rewritten host is for a proxy that restores the signed one.
    const url = signed.url.replace(/\/\/pull\.test(:\d+)?\//, `//127.0.0.1:${cloud.edge.port}/`)
    const isRewritten = order.indexOf('rewrite') > order.indexOf('cloudfront')
    expect(url !== signed.url).toBe(isRewritten)
    expect(readSignedUrl(url).resource).toBe(cloud.edge.baseUrl + encodeURI(key))
    const pull = await fetch(url)
    expect([pull.status, await pull.text()]).toEqual([200, 'content'])
  })
})
