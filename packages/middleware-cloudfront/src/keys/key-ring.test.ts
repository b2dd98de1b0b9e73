import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bucketDriver } from '../../test/bucket-driver.ts'
import { isSignedBy, readSignedUrl } from '../../test/signed-url.ts'
import { ecKey, rsaKey } from '../../test/signing-keys.ts'
import { thrownBy } from '../../test/thrown.ts'
import { checkOptions } from '@longshore/middleware-core'
import type { CloudFrontOptions } from '../index.ts'
import { CloudFrontDriver } from '../middleware.ts'
import { cloudFrontOptions } from '../options.ts'

const baseUrl = 'https://d111111abcdef8.cloudfront.net/'
const [older, newer] = [ecKey(), ecKey()]

let directory: string
let storage: CloudFrontDriver | undefined
let warnings: string[]
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'longshore-ring-'))
  warnings = []
  jest.spyOn(process, 'emitWarning').mockImplementation(message => void warnings.push(String(message)))
})
afterEach(async () => {
  await storage?.[Symbol.asyncDispose]()
  jest.restoreAllMocks()
  await rm(directory, { recursive: true })
})

const at = (name: string): string => join(directory, name)

/** Puts a file in place as careful programs do. */
async function replace(name: string, content: string): Promise<void> {
  await writeFile(at(`${name}.new`), content)
  await rename(at(`${name}.new`), at(name))
}

/** The middleware, looking at its files every few milliseconds. */
function open(options: Partial<CloudFrontOptions>): CloudFrontDriver {
  const settings = checkOptions(cloudFrontOptions, { baseUrl, ...options }, { where: 'cloudfront options' })
  return (storage = new CloudFrontDriver(bucketDriver(), settings, undefined, 5))
}

async function signerOf(path = '/a'): Promise<string> {
  const signed = await storage?.urlFor(path)
  return readSignedUrl(signed?.url ?? '').keyPairId ?? ''
}

async function until(happened: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await happened())) await new Promise(resolve => setTimeout(resolve, 2))
}

describe('a list of keys', () => {
  const inline = { keyPairId: 'INLINE', privateKey: older.pem }

  it('signs with the first usable one', async () => {
    await writeFile(at('a'), newer.pem)
    open({ keys: [{ keyPairId: 'FILE', privateKey: at('a') }, inline] })
    expect(await signerOf()).toBe('FILE')
    expect(warnings).toEqual([])
  })

  it('does without a file that is absent, says so, and takes it as soon as it is there', async () => {
    open({ keys: [{ keyPairId: 'FILE', privateKey: at('later') }, inline] })
    expect(await signerOf()).toBe('INLINE')
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('the key file of FILE is not usable, and another key signs: privateKey: cannot read')
    await replace('later', newer.pem)
    await until(async () => (await signerOf()) === 'FILE')
    expect(isSignedBy(newer.publicKey, (await storage?.urlFor('/a'))?.url ?? '')).toBe(true)
    expect(warnings).toHaveLength(1)
  })

  it('with no usable key stops the start, and so does a wrong one that is in no file', () => {
    const absent = { keyPairId: 'FILE', privateKey: at('absent') }
    const wrong = { keyPairId: 'K3', privateKey: rsaKey(1024).pem }
    expect(thrownBy(() => open({ keys: [absent, absent] })).message.split('\n')).toEqual([
      expect.stringContaining('keys[0].privateKey: cannot read'),
      expect.stringContaining('keys[1].privateKey: cannot read'),
    ])
    const error = thrownBy(() => open({ keys: [inline, wrong] }))
    expect(error.message).toContain('keys[1].privateKey: found a private key of type rsa of 1024 bits')
  })
})

describe('a key file', () => {
  it('that is replaced under load: every URL is of one of the keys, and none fails', async () => {
    const [one, two] = [named('K1', older.pem), named('K2', newer.pem)]
    await writeFile(at('key'), one)
    open({ keyPairId: 'K0', privateKey: at('key'), cacheSize: 100 })
    const swaps = new AbortController()
    const swapping = (async () => {
      for (let swap = 0; !swaps.signal.aborted; swap++) await replace('key', swap % 2 ? one : two)
    })()
    const signedBy = new Set<string>()
    for (let made = 0; made < 10_000 || signedBy.size < 2; made += 50) {
      const pulls = Array.from({ length: 50 }, async (_, index) => storage?.urlFor(`/${made + index}`))
      for (const signed of await Promise.all(pulls)) {
        const url = signed?.url ?? ''
        const keyPairId = readSignedUrl(url).keyPairId ?? ''
        expect(isSignedBy(keyPairId === 'K1' ? older.publicKey : newer.publicKey, url)).toBe(true)
        signedBy.add(keyPairId)
      }
    }
    swaps.abort()
    await swapping
    expect([...signedBy].toSorted()).toEqual(['K1', 'K2'])
    expect(warnings).toEqual([])
  })

  it('that is replaced makes the cache forget what the old key signed', async () => {
    await writeFile(at('key'), named('K1', older.pem))
    open({ keyPairId: 'K0', privateKey: at('key'), duration: '24h' })
    expect([await signerOf('/a'), await signerOf('/b')]).toEqual(['K1', 'K1'])
    await replace('key', named('K2', newer.pem))
    await until(async () => (await signerOf('/a')) === 'K2')
    expect(await signerOf('/b')).toBe('K2')
  })

  it('behind the symbolic links that Kubernetes swaps is seen', async () => {
    await mkdir(at('1'))
    await mkdir(at('2'))
    await writeFile(at('1/key.pem'), named('K1', older.pem))
    await writeFile(at('2/key.pem'), named('K2', newer.pem))
    await symlink('1', at('..data'))
    await symlink('..data/key.pem', at('key.pem'))
    open({ keyPairId: 'K0', privateKey: at('key.pem') })
    expect(await signerOf()).toBe('K1')
    await symlink('2', at('..data_tmp'))
    await rename(at('..data_tmp'), at('..data'))
    await until(async () => (await signerOf()) === 'K2')
  })

  it.each<[string, string, string]>([
    ['no key', 'hello', 'found a file that is not a PEM'],
    ['half a key', older.pem.slice(0, 100), 'found a damaged private key'],
    ['a key that CloudFront does not take', rsaKey(1024).pem, 'found a private key of type rsa of 1024 bits'],
    [
      'a key that needs a passphrase',
      ecKey('P-256').pem.replace('PRIVATE', 'ENCRYPTED PRIVATE'),
      'passphrase: missing',
    ],
  ])(
    'that now holds %s leaves the old key in its place, says so once, and may be mended',
    async (_, content, problem) => {
      await writeFile(at('key'), older.pem)
      open({ keyPairId: 'K1', privateKey: at('key') })
      await replace('key', content)
      await until(() => warnings.length > 0)
      expect(warnings[0]).toContain('cloudfront: the key file of K1 is not usable, and the key from before signs: ')
      expect(warnings[0]).toContain(problem)
      const body = content.split('\n')[1]
      if (body) expect(warnings[0]).not.toContain(body)
      expect(isSignedBy(older.publicKey, (await storage?.urlFor('/new'))?.url ?? '')).toBe(true)
      await replace('key', named('K2', newer.pem))
      await until(async () => (await signerOf()) === 'K2')
      expect(warnings).toHaveLength(1)
    },
  )

  it('that is gone leaves the old key in its place', async () => {
    await writeFile(at('key'), older.pem)
    open({ keyPairId: 'K1', privateKey: at('key') })
    await rm(at('key'))
    await until(() => warnings.length > 0)
    expect(warnings[0]).toContain('(ENOENT)')
    expect(await signerOf()).toBe('K1')
  })

  it('that holds another key under the same ID is taken, with a warning', async () => {
    await writeFile(at('key'), older.pem)
    open({ keyPairId: 'K1', privateKey: at('key') })
    await replace('key', newer.pem)
    await until(() => warnings.length > 0)
    expect(warnings[0]).toContain('the key file of K1 holds another key under the same ID')
    await until(async () => isSignedBy(newer.publicKey, (await storage?.urlFor('/a'))?.url ?? ''))
  })

  it('is not looked at once the middleware is disposed of', async () => {
    await writeFile(at('key'), older.pem)
    await open({ keyPairId: 'K1', privateKey: at('key') })[Symbol.asyncDispose]()
    await replace('key', 'hello')
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(warnings).toEqual([])
  })
})

/** A key file that says which ID its key has. */
function named(keyPairId: string, pem: string): string {
  return `Key-Pair-Id: ${keyPairId}\n${pem}`
}
