import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type LocalCloud, startLocalCloud } from '@longshore/local-cloud'
import { compose } from '@longshore/middleware-core'
import { resourceMatches } from '../src/signing/wildcard.ts'
import { explain } from '../src/explain/index.ts'
import { cloudfront, createSigner } from '../src/index.ts'
import { bucketDriver } from './bucket-driver.ts'
import { randomWords } from './random.ts'
import { ecKey } from './signing-keys.ts'

/** Few letters beside all that a policy or a URL could misread, so that many names differ in such a character alone. */
const pieces = ['a', 'b', '*', '?', '\\', '%2A', '%3F', '%', '&', '=', '#', ' ', '/a', '**', '*?']

const key = ecKey()
const publicKeys = { K1: key.publicKey }
const expiresAt = new Date('2090-01-01')

function randomNames(count: number): string[] {
  const word = randomWords(26)
  const names = new Set<string>()
  while (names.size < count) {
    const length = 1 + (word() % 4)
    names.add(`k${Array.from({ length }, () => pieces[word() % pieces.length]).join('')}`)
  }
  return [...names]
}

/** Path of a key in a URL, encoded here without any of the code that signs. */
const pathOf = (name: string): string => name.split('/').map(encodeURIComponent).join('/')

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await startLocalCloud()
  cloud.edge.trust('K1', key.publicKey)
})
afterAll(() => cloud.close())

/** Each way to sign one file under a custom policy: its URL, which carries the policy. */
const ways: Record<string, (name: string) => Promise<string>> = {
  'urlFor of a custom policy': async name => {
    const options = { baseUrl: cloud.edge.baseUrl, keyPairId: 'K1', privateKey: key.pem, policy: 'custom' as const }
    await using storage = compose(bucketDriver(), cloudfront(options))
    return (await storage.urlFor(`/${name}`))?.url ?? ''
  },
  'signUrl of a name': async name => {
    const signer = createSigner({ keyPairId: 'K1', privateKey: key.pem })
    return (await signer.signUrl(cloud.edge.baseUrl + pathOf(name), { expiresAt, policy: 'custom' })).url
  },
  'signCookies of a name': async name => {
    const signer = createSigner({ keyPairId: 'K1', privateKey: key.pem })
    const url = cloud.edge.baseUrl + pathOf(name)
    const { cookies } = await signer.signCookies(url, { expiresAt, policy: 'custom', isPattern: false })
    const pairs = Object.entries(cookies).map(([cookie, value]) => `${cookie.replace('CloudFront-', '')}=${value}`)
    return `${url.replaceAll('*', '%2A')}?${pairs.join('&')}`
  },
}

describe.each(Object.entries(ways))('%s', (_, sign) => {
  it('opens none of 59 other names', async () => {
    const names = randomNames(60)
    // Clients and attackers may spell a star either way.
    const urls = names.flatMap(name => [pathOf(name), pathOf(name).replaceAll('*', '%2A')])
    for (const name of names) {
      const resource = explain(await sign(name), publicKeys).policy?.resource ?? '*'
      expect(resource).not.toMatch(/[*?]/)
      const opened = urls.filter(url => resourceMatches(resource, cloud.edge.baseUrl + url))
      expect([...new Set(opened.map(decodeURIComponent))]).toEqual([name])
    }
  })

  it('opens itself at the edge, and none of 11 others', async () => {
    const names = randomNames(12)
    for (const name of names) await cloud.s3.bucket(cloud.bucket).put(name, name)
    const signed = await Promise.all(names.map(sign))
    for (const [index, url] of signed.entries()) {
      const own = await fetch(url)
      expect(await own.text()).toBe(names[index])
      const query = url.slice(url.indexOf('?'))
      for (const other of names) {
        if (other === names[index]) continue
        const answer = await fetch(cloud.edge.baseUrl + pathOf(other) + query)
        await answer.body?.cancel()
        expect([other, answer.status]).toEqual([other, 403])
      }
    }
  })
})
