import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { defineDriver } from '../authoring/define-driver.ts'
import type { SignedUrl, StorageDriver } from '../contract/index.ts'
import { InMemoryDriver } from '../drivers/inmemory/driver.ts'
import { defineMiddleware } from '../middleware/define-middleware.ts'
import { ForwardingDriver } from '../middleware/forwarding-driver.ts'
import { ConfigError, optionError } from '../options/config-error.ts'
import { type Config, parseConfig } from './config.ts'
import { createStorage } from './create-storage.ts'
import type { Environment } from './environment.ts'
import * as option from '../options/option.ts'

/** Packages that stand in for real ones, and what became of them. */
class Packages {
  readonly loaded: string[] = []
  readonly created: Record<string, unknown>[] = []
  disposed = 0

  readonly #bucket = defineDriver({
    name: 's3aws',
    options: z.object({
      region: option.text(),
      bucket: option.text(),
      chunkSize: z._default(option.integer({ min: 5_242_880, max: 5_368_709_120 }), 10_485_760),
      secretKey: z.optional(option.secret()),
      encrypt: z._default(option.boolean(), false),
    }),
    create: options => {
      if (options.bucket === 'nowhere') throw optionError('bucket', 'there is none')
      this.created.push(options)
      return Object.assign(new InMemoryDriver(), {
        close: () => {
          this.disposed++
        },
        keyFor: (path: string) => `${options.bucket}${path}`,
      })
    },
  })

  /** Puts its `tag` around the URL of whatever it wraps. */
  readonly #edge = defineMiddleware({
    name: 'cloudfront',
    options: z.object({
      baseUrl: option.url(),
      privateKey: option.secret('the path of a key file'),
      keyPairId: option.text(),
      keys: z.array(z.object({ id: option.text() })).optional(),
    }),
    wrap: (driver, options) => {
      if (options.privateKey === '/absent.pem') throw optionError('privateKey', 'no file /absent.pem beside keyPairId')
      return new Tagged(driver, options.keyPairId)
    },
  })

  readonly #modules: Record<string, () => unknown> = {
    '@longshore/s3-driver': () => ({ default: this.#bucket }),
    '@longshore/middleware-cloudfront': () => ({ default: this.#edge }),
    '@acme/tag': () => ({
      default: defineMiddleware({
        name: 'tag',
        options: z.object({ tag: option.text() }),
        wrap: (driver, { tag }) => new Tagged(driver, tag),
      }),
    }),
  }

  load = (name: string): Promise<unknown> => {
    this.loaded.push(name)
    return Promise.resolve().then(() => this.#modules[name]?.())
  }
}

class Tagged extends ForwardingDriver {
  readonly #tag: string

  constructor(inner: StorageDriver, tag: string) {
    super(inner)
    this.#tag = tag
  }

  override async urlFor(path: string): Promise<SignedUrl> {
    const inner = await this.inner.urlFor(path)
    return { url: `${this.#tag}(${inner?.url ?? this.keyFor(path)})`, expiresAt: new Date(0), via: this.#tag }
  }
}

const parse = (content: string, env: Environment = {}): Config => parseConfig(content, { file: 'config.yml', env })

async function errorOf(content: string, env: Environment = {}, packages = new Packages()): Promise<ConfigError> {
  const error = await createStorage(parse(content, env), packages).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ConfigError)
  return error as ConfigError
}

const minimal = `...
storage:
  s3:
    region: us-east-1
    bucket: docker.myregistry.com
middleware:
  storage:
    - name: cloudfront
      options:
        baseurl: https://abcdefghijklmn.cloudfront.net/
        privatekey: /etc/docker/cloudfront/pk-ABCEDFGHIJKLMNOPQRST.pem
        keypairid: ABCEDFGHIJKLMNOPQRST
...
`

describe('createStorage', () => {
  it("runs the minimum configuration of Distribution's documentation", async () => {
    const packages = new Packages()
    await using storage = await createStorage(parse(minimal), packages)
    const signed = await storage.urlFor('/a')
    expect(signed?.url).toBe('ABCEDFGHIJKLMNOPQRST(docker.myregistry.com/a)')
    expect(packages.created).toEqual([
      { region: 'us-east-1', bucket: 'docker.myregistry.com', chunkSize: 10_485_760, encrypt: false },
    ])
  })

  it('takes options of all kinds from the environment', async () => {
    const packages = new Packages()
    const env = {
      REGISTRY_STORAGE: 's3',
      REGISTRY_STORAGE_S3_REGION: 'eu-west-1',
      REGISTRY_STORAGE_S3_BUCKET: 'b',
      REGISTRY_STORAGE_S3_CHUNKSIZE: '5242880',
      REGISTRY_STORAGE_S3_SECRETKEY: '0123',
      REGISTRY_STORAGE_S3_ENCRYPT: 'true',
      REGISTRY_MIDDLEWARE_STORAGE: '[{name: "@acme/tag", options: {tag: x}}]',
    }
    await using storage = await createStorage(parse('storage: {filesystem: {rootdirectory: /x}}', env), packages)
    expect((await storage.urlFor('/a'))?.url).toBe('x(b/a)')
    expect(packages.created).toEqual([
      { region: 'eu-west-1', bucket: 'b', chunkSize: 5_242_880, secretKey: '0123', encrypt: true },
    ])
  })

  it('puts the first middleware innermost and leaves disabled ones out, unread', async () => {
    const content = `
storage: {s3aws: {region: r, bucket: b}}
middleware:
  storage:
    - {name: '@acme/tag', options: {tag: first}}
    - {name: not-installed, disabled: true, options: {whatever: 1}}
    - {name: '@acme/tag', options: {tag: last}, disabled: false}
`
    const packages = new Packages()
    await using storage = await createStorage(parse(content), packages)
    expect((await storage.urlFor('/a'))?.url).toBe('last(first(b/a))')
    expect(packages.loaded).not.toContain('not-installed')
  })

  it.each(['storage: inmemory', 'storage: {inmemory: }', 'storage: {InMemory: {}, delete: {enabled: true}}'])(
    'has inmemory built in: %s',
    async content => {
      await using storage = await createStorage(parse(content))
      await storage.putContent('/a', 'x')
      expect((await storage.stat('/a')).size).toBe(1)
    },
  )

  it('has filesystem, redirect and rewrite built in', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'longshore-stack-'))
    const config = parse(`
storage: {filesystem: {rootdirectory: ${directory}}}
middleware:
  storage:
    - {name: redirect, options: {baseurl: https://files.example/}}
    - {name: rewrite, options: {host: other.example}}
`)
    await using storage = await createStorage(config)
    await storage.putContent('/a', 'x')
    expect((await storage.urlFor('/a'))?.url).toBe('https://other.example/a')
    await rm(directory, { recursive: true })
  })

  it('disposes of the driver when a middleware cannot be created, and says where its option was given', async () => {
    const packages = new Packages()
    const error = await errorOf(
      minimal.replace('/etc/docker/cloudfront/pk-ABCEDFGHIJKLMNOPQRST', '/absent'),
      {},
      packages,
    )
    expect(error.message).toBe(
      'config.yml:11: middleware.storage[0].options.privatekey: no file /absent.pem beside keypairid',
    )
    expect(packages.created).toHaveLength(1)
    expect(packages.disposed).toBe(1)
  })

  it('warns of the middlewares that are none of storage', async () => {
    const config = parse('storage: inmemory\nmiddleware:\n  registry: [{name: x}]\n  repository: [{name: y}]\n')
    await using _storage = await createStorage(config)
    expect(config.warnings).toEqual([
      'config.yml:3: middleware.registry is not used; only middleware.storage is',
      'config.yml:4: middleware.repository is not used; only middleware.storage is',
    ])
  })

  it('does not stumble over variables that mean nothing to the stack', async () => {
    const config = parse('storage: inmemory', {
      REGISTRY_STORAGE_MINIO_URL: 'http://minio',
      REGISTRY_STORAGE_INMEMORY_SIZE: '5',
      REGISTRY_MIDDLEWARE_PROXY: 'x',
    })
    await using _storage = await createStorage(config)
    expect(config.warnings.toSorted()).toEqual([
      'REGISTRY_MIDDLEWARE_PROXY: unknown option middleware.proxy; ignored',
      'REGISTRY_STORAGE_INMEMORY_SIZE: unknown option storage.inmemory.size; ignored',
      'REGISTRY_STORAGE_MINIO_URL: unknown option storage.minio; ignored',
    ])
  })
})

describe('variables that go below an option', () => {
  it('are ignored when the option is a text, whether it is given or not', async () => {
    const config = parse(minimal, {
      REGISTRY_STORAGE_S3_SECRETKEY_FILE: '/run/secrets/key',
      REGISTRY_STORAGE_S3_BUCKET_NAME: 'b',
      REGISTRY_MIDDLEWARE_STORAGE_0_OPTIONS_KEYS_0_ID: 'K',
    })
    await using storage = await createStorage(config, new Packages())
    expect(await storage.urlFor('/a')).toBeDefined()
    expect(config.warnings).toEqual([
      'REGISTRY_STORAGE_S3_BUCKET_NAME: storage.s3.bucket holds a text, nothing below it; ignored',
      'REGISTRY_STORAGE_S3_SECRETKEY_FILE: storage.s3.secretkey has nothing below it; ignored',
    ])
  })
})

describe('a wrong configuration of a stack', () => {
  it('is told whole, before anything is created', async () => {
    const packages = new Packages()
    const error = await errorOf(
      `storage:
  s3:
    buket: b
    chunksize: 10MB
    encrypt: perhaps
    secretkey: [hunter2]
middleware:
  storage:
    - name: cloudfront
      option: {}
      options: {baseurl: nowhere, keypairid: K}
    - name: cloudfront
      options:
        baseurl: https://x/
        privatekey: /k
        keypairid: K
        keys:
          - id: 1
          - idd: 2
    - options: {}
`,
      { REGISTRY_STORAGE_S3_REGION: '' },
      packages,
    )
    expect(error.message.split('\n').toSorted()).toEqual(
      [
        'config.yml:10: middleware.storage[0].option: unknown option; did you mean options? Accepted: disabled, name, options',
        'config.yml:20: middleware.storage[2].name: missing; accepted: a text',
        'REGISTRY_STORAGE_S3_REGION: storage.s3.region: missing; accepted: a text',
        'config.yml:2: storage.s3.bucket: missing; accepted: a text',
        'config.yml:3: storage.s3.buket: unknown option; did you mean bucket? Accepted: bucket, chunksize, encrypt, region, secretkey',
        "config.yml:4: storage.s3.chunksize: found '10MB'; accepted: a whole number from 5242880 to 5368709120",
        "config.yml:5: storage.s3.encrypt: found 'perhaps'; accepted: true or false",
        'config.yml:6: storage.s3.secretkey: found a value that is not shown here; accepted: a text',
      ].toSorted(),
    )
    expect(packages.created).toEqual([])
  })

  it('is told of several middlewares at once', async () => {
    const { message } = await errorOf(`storage: {s3: {region: r}}
middleware:
  storage:
    - name: cloudfront
      options: {baseurl: nowhere, keypairid: K}
    - {name: foo-bar}
    - {name: '@acme/tag', options: {tag: {}}}
`)
    expect(message.split('\n').toSorted()).toEqual([
      'config.yml:1: storage.s3.bucket: missing; accepted: a text',
      "config.yml:5: middleware.storage[0].options.baseurl: found 'nowhere'; accepted: an http or https URL with a host, such as https://example.com/",
      'config.yml:5: middleware.storage[0].options.privatekey: missing; accepted: the path of a key file',
      'config.yml:6: middleware.storage[1].name: no package "foo-bar" is installed; run: npm install foo-bar',
      'config.yml:7: middleware.storage[2].options.tag: found a mapping; accepted: a text',
    ])
  })

  const twoAbsentKeys = `
middleware:
  storage:
    - {name: cloudfront, options: {baseurl: 'https://x/', keypairid: K, privatekey: /absent.pem}}
    - {name: prefix, options: {path: /a}}
    - {name: cloudfront, options: {baseurl: 'https://x/', keypairid: K, privatekey: /absent.pem}}
`
  const absentKeys = [
    'config.yml:4: middleware.storage[0].options.privatekey: no file /absent.pem beside keypairid',
    'config.yml:6: middleware.storage[2].options.privatekey: no file /absent.pem beside keypairid',
  ]

  it('is told whole, too, where only creating the parts shows it', async () => {
    const packages = new Packages()
    const error = await errorOf(`storage: {s3: {region: r, bucket: b}}${twoAbsentKeys}`, {}, packages)
    expect(error.message.split('\n')).toEqual(absentKeys)
    expect([packages.created.length, packages.disposed]).toEqual([1, 1])
  })

  it('is told whole where the driver is wrong, without the driver being created', async () => {
    const packages = new Packages()
    const error = await errorOf(`storage: {s3: {region: r}}${twoAbsentKeys}`, {}, packages)
    expect(error.message.split('\n')).toEqual([
      'config.yml:1: storage.s3.bucket: missing; accepted: a text',
      ...absentKeys,
    ])
    expect(packages.created).toEqual([])
  })

  it('is told whole where the driver cannot be created', async () => {
    const error = await errorOf(`storage: {s3: {region: r, bucket: nowhere}}${twoAbsentKeys}`)
    expect(error.message.split('\n')).toEqual(['config.yml:1: storage.s3.bucket: there is none', ...absentKeys])
  })

  it('names the environment variable where that gave the option', async () => {
    const { message } = await errorOf('storage: {s3: {region: r, bucket: b}}', { REGISTRY_STORAGE_S3_CHUNKSIZE: '1' })
    expect(message).toMatch(/^REGISTRY_STORAGE_S3_CHUNKSIZE: storage\.s3\.chunksize: found '1'; accepted: /)
  })

  it.each([
    ['no list', 'cloudfront', /^config\.yml:2: middleware\.storage: found a text; accepted: a list$/],
    ['a name alone', '[cloudfront]', /^config\.yml:2: middleware\.storage\[0\]: found a text; accepted: a mapping/],
    [
      'disabled: maybe',
      '[{name: x, disabled: maybe}]',
      /storage\[0\]\.disabled: found 'maybe'; accepted: true or false$/,
    ],
  ])('has a middleware list that is none: %s', async (_name, list, message) => {
    expect((await errorOf(`storage: inmemory\nmiddleware: {storage: ${list}}`)).message).toMatch(message)
  })

  it('keeps the reason why a package does not load as its cause', async () => {
    const reason = new Error('no native code for this machine')
    const config = parse('storage: {x: {}}')
    await expect(createStorage(config, { load: () => Promise.reject(reason) })).rejects.toMatchObject({
      message:
        'config.yml:1: storage.x: the package "x" is installed but does not load: no native code for this machine',
      cause: reason,
    })
  })
})
