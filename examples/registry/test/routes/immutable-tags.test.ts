import { type FaultRule, type LocalCloud, startLocalCloud } from '@longshore/local-cloud'
import { type Capabilities, ForwardingDriver, inmemory } from '@longshore/middleware-core'
import { parseConfig } from '@longshore/middleware-core/config'
import { s3 } from '@longshore/s3-driver'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createRegistry } from '../../src/app.ts'
import { registrySettings } from '../../src/config/registry-settings.ts'
import { errorText } from '../../src/observability/error-text.ts'
import { createLog } from '../../src/observability/create-log.ts'
import { startRegistry as startConfigured } from '../../src/start-registry.ts'
import { tagIndexLink } from '../../src/storage/layout.ts'
import { codesOf, digestOf } from '../support/client.ts'
import { bucketOf, cloudConfig } from '../support/cloud.ts'
import { filesOf, sharedRegistry, startRegistry } from '../support/registry.ts'
import { current, expectOneWinner, newIndex, push, raceStores } from '../support/tag-race.ts'

const remove = ({ url }: { url: string }, reference: string): Promise<Response> =>
  fetch(`${url}/v2/library/hello/manifests/${reference}`, { method: 'DELETE' })

describe('an immutable tag', () => {
  const registry = sharedRegistry({ deletes: true, immutableTags: ['v*', 'stable'] })

  it('is set once, and again to what it has', async () => {
    const index = newIndex('once')
    expect((await push(registry, 'v1', index)).status).toBe(201)
    expect((await push(registry, 'v1', index)).status).toBe(201)
    expect(await current(registry, 'v1')).toBe(digestOf(index))
  })

  it('is not moved, and leaves no history of the attempt', async () => {
    const [first, second] = [newIndex('first'), newIndex('second')]
    await push(registry, 'v2', first)
    const refused = await push(registry, 'v2', second)
    expect(refused.status).toBe(409)
    const { errors } = (await refused.json()) as { errors: { code: string; message: string; detail: unknown }[] }
    expect(errors).toEqual([
      {
        code: 'DENIED',
        message: `the tag v2 is immutable: it has the manifest ${digestOf(first)} and cannot be moved to ${digestOf(second)}`,
        detail: { tag: 'v2' },
      },
    ])
    expect(await current(registry, 'v2')).toBe(digestOf(first))
    const files = await filesOf(registry.storage)
    expect(files.has(tagIndexLink('library/hello', 'v2', digestOf(first)))).toBe(true)
    expect(files.has(tagIndexLink('library/hello', 'v2', digestOf(second)))).toBe(false)
  })

  it('is not moved by a push of a digest that names it either', async () => {
    const [first, second] = [newIndex('by tag'), newIndex('by digest')]
    await push(registry, 'stable', first)
    expect((await push(registry, `${digestOf(second)}?tag=stable`, second)).status).toBe(409)
    expect(await current(registry, 'stable')).toBe(digestOf(first))
  })

  it('is not deleted, nor is its manifest', async () => {
    const index = newIndex('kept')
    await push(registry, 'v3', index)
    for (const reference of ['v3', digestOf(index)]) {
      const refused = await remove(registry, reference)
      expect(refused.status).toBe(409)
      expect(await codesOf(refused)).toEqual(['DENIED'])
    }
    expect(await current(registry, 'v3')).toBe(digestOf(index))
  })

  it('leaves others as they are', async () => {
    const [first, second] = [newIndex('a'), newIndex('b')]
    await push(registry, 'latest', first)
    expect((await push(registry, 'latest', second)).status).toBe(201)
    expect(await current(registry, 'latest')).toBe(digestOf(second))
    expect((await remove(registry, digestOf(first))).status).toBe(202)
    expect((await remove(registry, 'latest')).status).toBe(202)
  })
})

describe('of 50 pushes of one immutable tag to two registries', () => {
  const stores = raceStores()

  it.each(Object.keys(stores))('one wins: on %s', async name => {
    await expectOneWinner(stores[name]!, 50)
  })
})

describe('a push of an immutable tag to a bucket', () => {
  it('costs no request more than another tag', async () => {
    const cloud = await startLocalCloud()
    const storage = bucketOf(cloud)
    const node = await startRegistry({ storage, immutableTags: ['v*'] })
    // The first one finds out what the server can do.
    await push(node, 'v-first', newIndex('first'))
    const costOf = async (tag: string): Promise<Readonly<Record<string, number>>> => {
      cloud.s3.requests.reset()
      expect((await push(node, tag, newIndex(tag))).status).toBe(201)
      return cloud.s3.requests.counts()
    }
    expect(await costOf('v-other')).toEqual(await costOf('other'))
    await node[Symbol.asyncDispose]()
    await storage[Symbol.asyncDispose]()
    await cloud.close()
  })
})

describe('a storage that cannot write a file only if it is absent', () => {
  class Unconditional extends ForwardingDriver {
    override get capabilities(): Capabilities {
      return { ...super.capabilities, putIfAbsent: false }
    }
  }

  it('is refused at the start', () => {
    expect(() => createRegistry(new Unconditional(inmemory()), { immutableTags: ['v*'] })).toThrow(
      /^immutableTags: the storage inmemory cannot write a file only if it is absent/,
    )
    expect(() => createRegistry(new Unconditional(inmemory()))).not.toThrow()
  })
})

describe('a server that leaves conditions out in silence', () => {
  const ignoresConditions: FaultRule = ({ headers }) => {
    delete headers['if-none-match']
    return undefined
  }
  let cloud: LocalCloud
  beforeEach(async () => {
    cloud = await startLocalCloud()
    cloud.s3.faults.add(ignoresConditions)
  })
  afterEach(() => cloud.close())

  it('stops the start, which names the option, and leaves nothing behind', async () => {
    // Signatures V2 do not cover the header.
    const text = cloudConfig(cloud, { rest: "tags: { immutable: ['v*'] }\n" })
    const config = parseConfig(text.replace('  s3:\n', '  s3:\n    v4auth: false\n'), { file: 'config.yml' })
    const log = createLog({ level: 'error', formatter: 'text', fields: {}, accessLog: false })
    const started = startConfigured(config, registrySettings(config), { address: {}, log })
    await expect(started).rejects.toThrow(
      /^config\.yml:\d+: tags\.immutable: this storage cannot write a file only if it is absent: .*If-None-Match/,
    )
    expect(cloud.s3.bucket(cloud.bucket).keys()).toEqual([])
  })

  it('makes pushes fail with 501 and a reason in the log where it could not be asked at the start', async () => {
    const failures: unknown[] = []
    const { region, bucket, credentials, s3: server } = cloud
    await using storage = s3({
      region,
      bucket,
      regionEndpoint: server.endpoint,
      forcePathStyle: true,
      v4Auth: false,
      accessKey: credentials.accessKeyId,
      secretKey: credentials.secretAccessKey,
    })
    await using node = await startRegistry({ storage, immutableTags: ['v*'], onFailure: error => failures.push(error) })
    const index = newIndex('first')
    const refused = await push(node, 'v1', index)
    expect([refused.status, await codesOf(refused)]).toEqual([501, ['UNSUPPORTED']])
    expect(errorText(failures[0])).toMatch(/the tag v1 is immutable, and the storage [^]*caused by: .*If-None-Match/)
    expect((await fetch(`${node.url}/v2/library/hello/manifests/v1`)).status).toBe(404)
    expect((await push(node, 'other', index)).status).toBe(201)
  })
})

describe('a configuration', () => {
  const log = createLog({ level: 'error', formatter: 'text', fields: {}, accessLog: false })

  it('makes tags immutable', async () => {
    const config = parseConfig('storage: inmemory\nhttp: { addr: 127.0.0.1:0 }\ntags: { immutable: [v*] }\n')
    await using registry = await startConfigured(config, registrySettings(config), { address: {}, log })
    const at = { url: `http://${registry.authority}` }
    expect((await push(at, 'v1', newIndex('x'))).status).toBe(201)
    expect((await push(at, 'v1', newIndex('y'))).status).toBe(409)
  })

  it.each(['v?', '[v*]/x', '""'])('does not take %s', pattern => {
    const config = parseConfig(`storage: inmemory\ntags: { immutable: ['${pattern.replaceAll('"', '')}'] }\n`)
    expect(() => registrySettings(config)).toThrow(/tags\.immutable\[0\].*accepted: a tag, in which \* stands for/)
  })
})
