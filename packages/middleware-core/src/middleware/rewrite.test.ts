import { describe, expect, it } from '@jest/globals'
import type { SignedUrl, StorageDriver, UrlOptions } from '../contract/index.ts'
import { compose } from './compose.ts'
import { ForwardingDriver } from './forwarding-driver.ts'
import { inmemory } from '../drivers/inmemory/index.ts'
import { rewrite } from './rewrite.ts'

const expiresAt = new Date()

/** A driver whose URLs are always this one. */
class FixedUrl extends ForwardingDriver {
  asked: UrlOptions | undefined
  readonly #url: string

  constructor(url: string) {
    super(inmemory())
    this.#url = url
  }

  override urlFor(_path: string, options?: UrlOptions): Promise<SignedUrl> {
    this.asked = options
    return Promise.resolve({ url: this.#url, expiresAt, via: 'fixed' })
  }
}

async function rewritten(url: string, options: Parameters<typeof rewrite>[0]): Promise<string | undefined> {
  const storage: StorageDriver = compose(new FixedUrl(url), rewrite(options))
  return (await storage.urlFor('/a'))?.url
}

describe('rewrite', () => {
  it.each(['https://s3.example.com/bucket/a?X-Amz-Signature=0', 'http://[::1]:9000/a', 'https://example.com'])(
    'leaves %s alone without options',
    async url => {
      expect(await rewritten(url, {})).toBe(url)
    },
  )

  it('changes the scheme and the host, the port going with the host', async () => {
    const url = 'http://s3.internal:9000/bucket/a'
    expect(await rewritten(url, { scheme: 'https' })).toBe('https://s3.internal:9000/bucket/a')
    expect(await rewritten(url, { host: 'pull.example.com' })).toBe('http://pull.example.com/bucket/a')
    expect(await rewritten(url, { host: '[::1]:8080' })).toBe('http://[::1]:8080/bucket/a')
  })

  it.each([
    ['/bucket', 'https://h/bucket/a', 'https://h/a'],
    ['/bucket/', 'https://h/bucket/a', 'https://h/a'],
    ['/bucket', 'https://h/bucket-2/a', 'https://h/bucket-2/a'],
    ['/bucket/root', 'https://h/bucket/root/a?q', 'https://h/a?q'],
    ['/bucket', 'https://h/bucket?q', 'https://h/?q'],
    ['/bucket', 'https://h/other/bucket/a', 'https://h/other/bucket/a'],
    ['/', 'https://h/a', 'https://h/a'],
  ])('trims %s from %s as whole components', async (trimPathPrefix, url, result) => {
    expect(await rewritten(url, { trimPathPrefix })).toBe(result)
  })

  it('keeps the path and the query byte by byte', async () => {
    const rest = "/a%2fb%7E/c'd?X-Amz-Signature=a%2Fb+c&x='\"<>|%zz&&y=/bucket/?#f"
    expect(await rewritten(`https://h/bucket${rest}`, { host: 'p', trimPathPrefix: '/bucket' })).toBe(
      `https://p${rest}`,
    )
  })

  it('makes no URL where the driver gives none', async () => {
    const storage = compose(inmemory(), rewrite({ scheme: 'https', host: 'pull.example.com' }))
    expect(await storage.urlFor('/a')).toBeUndefined()
  })

  it('hands the options on and keeps the rest of the answer', async () => {
    const inner = new FixedUrl('https://h/a')
    const options = { method: 'HEAD', expiresIn: 5 } as const
    expect(await compose(inner, rewrite({ host: 'p' })).urlFor('/a', options)).toEqual({
      url: 'https://p/a',
      expiresAt,
      via: 'fixed',
    })
    expect(inner.asked).toBe(options)
  })

  it.each([
    [{ scheme: 5 }, 'rewrite options.scheme: found 5; accepted: a URL scheme, such as https'],
    [{ scheme: 'https://' }, "rewrite options.scheme: found 'https://'; accepted: a URL scheme, such as https"],
    [{ host: 'https://a' }, "rewrite options.host: found 'https://a'; accepted: a host, with a port"],
    [{ host: 'a/b' }, "rewrite options.host: found 'a/b'; accepted: a host, with a port"],
    [{ trimpathprefix: 'a' }, "rewrite options.trimpathprefix: found 'a'; accepted: a path that begins with a slash"],
    [{ trimprefix: '/a' }, 'unknown option'],
  ])('refuses the options %j', (options, message) => {
    expect(() => rewrite(options as unknown as { host: string })).toThrow(message)
  })
})
