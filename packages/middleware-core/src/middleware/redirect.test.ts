import { describe, expect, it } from '@jest/globals'
import type { UrlOptions } from '../contract/index.ts'
import { inmemory } from '../drivers/inmemory/index.ts'
import { compose } from './compose.ts'
import { redirect } from './redirect.ts'

const urlOf = async (baseUrl: string, path = '/a/b', options?: UrlOptions): Promise<string | undefined> =>
  (await compose(inmemory(), redirect({ baseUrl })).urlFor(path, options))?.url

describe('redirect', () => {
  it.each([
    ['https://mirror.example.com', 'https://mirror.example.com/a/b'],
    ['https://mirror.example.com/', 'https://mirror.example.com/a/b'],
    ['https://mirror.example.com:8443/base', 'https://mirror.example.com:8443/base/a/b'],
    ['http://mirror.example.com/base//', 'http://mirror.example.com/base/a/b'],
    ['https://mirror.example.com/base?from=here#top', 'https://mirror.example.com/base/a/b?from=here'],
  ])('joins %s and the path with one slash', async (baseUrl, url) => {
    expect(await urlOf(baseUrl)).toBe(url)
  })

  it('answers GET and HEAD alike, and leaves other methods to the service', async () => {
    const url = 'https://mirror.example.com/a/b'
    expect(await urlOf('https://mirror.example.com', '/a/b', { method: 'GET' })).toBe(url)
    expect(await urlOf('https://mirror.example.com', '/a/b', { method: 'HEAD' })).toBe(url)
    expect(await urlOf('https://mirror.example.com', '/a/b', { method: 'PUT' as 'GET' })).toBeUndefined()
  })

  it('gives URLs that do not expire and says who serves them', async () => {
    const storage = compose(inmemory(), redirect({ baseUrl: 'https://mirror.example.com' }))
    const url = await storage.urlFor('/a', { expiresIn: 1 })
    expect(url).toMatchObject({ via: 'redirect', expiresAt: new Date('9999-12-31T23:59:59Z') })
  })

  it('refuses illegal paths and aborted calls like any driver', async () => {
    await expect(urlOf('https://mirror.example.com', '/a/../b')).rejects.toMatchObject({
      code: 'INVALID_PATH',
      driver: 'inmemory',
      path: '/a/../b',
    })
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(urlOf('https://mirror.example.com', '/a', { signal })).rejects.toThrow('enough')
  })

  it.each([
    [{}, 'redirect options.baseUrl: missing; accepted: an http or https URL with a host'],
    [{ baseurl: '' }, 'redirect options.baseurl: missing'],
    [{ baseurl: 'mirror.example.com' }, "redirect options.baseurl: found 'mirror.example.com'; accepted: an http or"],
    [{ baseurl: 'mirror.example.com:80/a' }, "found 'mirror.example.com:80/a'; accepted: an http or https URL"],
    [{ baseurl: 'https://' }, "found 'https://'; accepted: an http or https URL with a host"],
    [{ baseurl: 5 }, 'found 5; accepted: an http or https URL with a host'],
    [{ base: 'https://mirror.example.com' }, 'redirect options.base: unknown option'],
  ])('refuses the options %j', (options, message) => {
    expect(() => redirect(options as unknown as { baseUrl: string })).toThrow(message)
  })
})
