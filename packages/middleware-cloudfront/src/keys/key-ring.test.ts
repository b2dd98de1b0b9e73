import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as z from 'zod/mini'
import { bucketDriver } from '../../test/bucket-driver.ts'
import { isSignedBy, readSignedUrl } from '../../test/signed-url.ts'
import { ecKey, rsaKey } from '../../test/signing-keys.ts'
import { thrownBy } from '../../test/thrown.ts'
import { checkOptions } from '@longshore/middleware-core'
import type { CloudFrontOptions } from '../index.ts'
import { CloudFrontDriver } from '../middleware.ts'
import { cloudFrontOptions } from '../options.ts'
import { KeyFile } from './key-file.ts'
import { KeyRing } from './key-ring.ts'
import { type KeySettings, keyOptions } from './options.ts'

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
    ['no key', 'hello', 'found a text that is not a PEM'],
    ['half a key', older.pem.slice(0, 100), 'found a PEM of private key without its END line'],
    ['a key that CloudFront does not take', rsaKey(1024).pem, 'found a private key of type rsa of 1024 bits'],
    [
      'a key that needs a passphrase',
      ecKey('P-256').pem.replaceAll('PRIVATE', 'ENCRYPTED PRIVATE'),
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

  it('that becomes a FIFO or a directory leaves the old key in its place, and is read again when it is a file', async () => {
    await writeFile(at('key'), named('K1', older.pem))
    open({ keyPairId: 'K0', privateKey: at('key') })
    for (const [make, problem] of [
      [async () => promisify(execFile)('mkfifo', [at('key')]), 'found a FIFO'],
      [async () => mkdir(at('key')), 'found a directory'],
    ] as const) {
      await rm(at('key'), { recursive: true })
      await make()
      await until(() => warnings.some(warning => warning.includes(problem)))
      expect(await signerOf()).toBe('K1')
    }
    await rm(at('key'), { recursive: true })
    await replace('key', named('K2', newer.pem))
    await until(async () => (await signerOf()) === 'K2')
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

describe('key files on a file system that hangs', () => {
  const settings = (names: string[]): KeySettings =>
    checkOptions(
      z.object(keyOptions),
      { keys: names.map(name => ({ keyPairId: name.toUpperCase(), privateKey: at(name) })) },
      { where: 'options' },
    )

  it('are read by two at once at most, however many rings and files there are, and warned of once', async () => {
    const names = ['a', 'b', 'c', 'd']
    for (const name of names) await writeFile(at(name), newer.pem)
    let pending = 0
    let most = 0
    let calls = 0
    const answers: (() => void)[] = []
    const readFile = async (): Promise<string> => {
      calls++
      most = Math.max(most, ++pending)
      await new Promise<void>(resolve => answers.push(resolve))
      pending--
      return newer.pem
    }
    const reloads = jest.spyOn(KeyFile.prototype, 'reload')
    const rings = [1, 2, 3].map(() => new KeyRing(settings(names), { pollIntervalMs: 1, timeoutMs: 5, readFile }))
    try {
      await until(() => warnings.length === 2)
      // Many polls later there is neither a third read nor a third warning.
      const polled = reloads.mock.calls.length + 5 * rings.length * names.length
      await until(() => reloads.mock.calls.length >= polled)
      expect([most, calls, warnings.length]).toEqual([2, 2, 2])
      expect(warnings[0]).toContain('no answer within 0.005 s from the file system of')
      for (const ring of rings) expect(ring.current.keyPairId).toBe('A')
      // They go on as soon as the file system answers.
      for (const answer of answers.splice(0)) answer()
      await until(() => calls > 2)
      expect(most).toBe(2)
    } finally {
      for (const ring of rings) ring[Symbol.dispose]()
      await until(() => {
        for (const answer of answers.splice(0)) answer()
        return pending === 0
      })
    }
  })

  it('hold back no other file', async () => {
    await writeFile(at('hung'), named('K1', older.pem))
    await writeFile(at('other'), named('K2', newer.pem))
    let answer = (): void => {}
    let isHung = true
    let otherReads = 0
    const readFile = async (path: string): Promise<string> => {
      if (path === at('other')) {
        otherReads++
        return named('K3', newer.pem)
      }
      if (isHung) await new Promise<void>(resolve => (answer = resolve))
      return 'no key'
    }
    const changes: string[] = []
    using ring = new KeyRing(settings(['hung', 'other']), {
      pollIntervalMs: 1,
      timeoutMs: 5,
      readFile,
      onChange: () => changes.push(ring.current.keyPairId),
    })
    await until(() => otherReads > 1)
    expect(warnings).toEqual([expect.stringContaining('no answer')])
    isHung = false
    answer()
    // The first file is usable no more, but the key that it held is.
    await until(() => warnings.some(warning => warning.includes('not a PEM')))
    expect(ring.current.keyPairId).toBe('K1')
    expect(changes).toEqual([])
  })
})

/** A key file that says which ID its key has. */
function named(keyPairId: string, pem: string): string {
  return `Key-Pair-Id: ${keyPairId}\n${pem}`
}
