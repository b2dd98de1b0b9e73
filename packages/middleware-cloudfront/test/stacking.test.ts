import { describe, expect, it } from '@jest/globals'
import {
  ForwardingDriver,
  type Middleware,
  type StorageDriver,
  compose,
  redirect,
  rewrite,
} from '@longshore/middleware-core'
import { cloudfront } from '../src/index.ts'
import { bucketDriver } from './bucket-driver.ts'
import { isSignedBy, readSignedUrl } from './signed-url.ts'
import { ecKey } from './signing-keys.ts'

const { pem, publicKey } = ecKey()
const signing = cloudfront({ baseUrl: 'https://d111111abcdef8.cloudfront.net', privateKey: pem, keyPairId: 'K1' })

/** A middleware as somebody else may write one. */
class Counting extends ForwardingDriver {
  calls = 0
  override urlFor(...call: Parameters<StorageDriver['urlFor']>): ReturnType<StorageDriver['urlFor']> {
    this.calls++
    return super.urlFor(...call)
  }
}

const others: Record<string, Middleware> = {
  counting: driver => new Counting(driver),
  redirect: redirect({ baseUrl: 'https://mirror.test/' }),
  rewrite: rewrite({ host: 'pull.test' }),
  forwarding: driver => new ForwardingDriver(driver),
}

function* orders<T>(items: T[]): Generator<T[]> {
  if (items.length === 0) yield []
  for (const [index, item] of items.entries()) {
    for (const rest of orders(items.toSpliced(index, 1))) yield [item, ...rest]
  }
}

const stacks = [...orders(['cloudfront', ...Object.keys(others)])].map(order => order.join(', '))

describe('a stack, from the inside out', () => {
  it.each(stacks)('of %s knows the object by its key in the bucket', async stack => {
    const order = stack.split(', ')
    const storage = compose(bucketDriver('root/'), ...order.map(name => others[name] ?? signing))
    expect(storage.keyFor?.('/a/b')).toBe('root/a/b')

    const signed = await storage.urlFor('/a/b')
    const isRedirected = order.indexOf('redirect') > order.indexOf('cloudfront')
    expect(signed?.via).toBe(isRedirected ? 'redirect' : 'cloudfront')
    if (!signed || isRedirected) return

    // A rewritten host is for a proxy that restores the signed one.
    const url = signed.url.replace('//pull.test/', '//d111111abcdef8.cloudfront.net/')
    const isRewritten = order.indexOf('rewrite') > order.indexOf('cloudfront')
    expect(url !== signed.url).toBe(isRewritten)
    expect(readSignedUrl(url).resource).toBe('https://d111111abcdef8.cloudfront.net/root/a/b')
    expect(isSignedBy(publicKey, url)).toBe(true)
  })
})
