import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { cloudfront } from '@longshore/middleware-cloudfront'
import { createStorage, filesystem, isConfigError, redirect, rewrite } from '@longshore/middleware-core'
import { type Config, parseConfig } from '@longshore/middleware-core/config'
import { s3 } from '@longshore/s3-driver'
import { $ZodObject, type $ZodType } from 'zod/v4/core'
import { registrySettings } from './registry-settings.ts'

/** Line of distribution.yml that names an option. */
interface Line {
  /** `log.hooks.0.type`. */
  readonly option: string
  readonly value: string
  readonly outcome: string
}

const text = readFileSync(new URL('../../distribution.yml', import.meta.url), 'utf8')
const lines = linesOf(text)

/** Reads the file by its indentation: it has one option a line. */
function linesOf(yaml: string): Line[] {
  const found: Line[] = []
  const parents: { indent: number; name: string }[] = []
  for (const line of yaml.split('\n')) {
    const [, blanks = '', dash = '', name, value = '', outcome] =
      /^( *)(- )?([\w-]+):(?: ([^#]*?))?(?: # (\w+).*)?$/.exec(line) ?? []
    if (name === undefined) continue
    const indent = blanks.length + dash.length
    if (dash) {
      const items = parents.findIndex(parent => parent.indent === blanks.length && /^\d+$/.test(parent.name))
      const index = items < 0 ? 0 : Number(parents[items]?.name) + 1
      while ((parents.at(-1)?.indent ?? -1) >= blanks.length) parents.pop()
      parents.push({ indent: blanks.length, name: String(index) })
    }
    while ((parents.at(-1)?.indent ?? -1) >= indent) parents.pop()
    const option = [...parents.map(parent => parent.name), name].join('.')
    if (value === '') parents.push({ indent, name })
    else found.push({ option, value, outcome: outcome ?? 'none' })
  }
  return found
}

const middlewares = { cloudfront, redirect, rewrite }
const token = { realm: 'https://a', service: 's', issuer: 'i', jwks: '/j' }
const edge = { baseurl: 'https://e/', privatekey: '/k', keypairid: 'K' }

const withRedis = { inmemory: {}, cache: { blobdescriptor: 'redis' } }
const sentinels = { storage: withRedis, redis: { addrs: ['localhost:1'], mastername: 'name' } }

/** Options without which others are not complete. The longest that an option begins with counts. */
const beside: Record<string, object> = {
  'auth.htpasswd': { auth: { htpasswd: { realm: 'r', path: '/p' } } },
  'auth.token': { auth: { token } },
  'auth.token.autoredirectpath': { auth: { token: { ...token, autoredirect: true } } },
  'http.debug': { http: { debug: { addr: ':1' } } },
  'http.http2': { http: { tls: { certificate: '/c', key: '/k' } } },
  'http.net': { http: { addr: '/run/registry.sock' } },
  'http.tls': { http: { tls: { certificate: '/c', key: '/k' } } },
  'http.tls.clientauth': { http: { tls: { certificate: '/c', key: '/k', clientcas: ['/ca'] } } },
  'middleware.registry': { storage: { inmemory: {} } },
  'middleware.repository': { storage: { inmemory: {} } },
  'middleware.storage.0.name': { storage: { inmemory: {} }, middleware: { storage: [{ disabled: 'true' }] } },
  'middleware.storage': { storage: { inmemory: {} }, middleware: { storage: [{ name: 'absent', options: {} }] } },
  'middleware.storage.0.options': { middleware: { storage: [{ options: edge }] } },
  'middleware.storage.0.options.awsregion': {
    middleware: { storage: [{ options: { ...edge, ipfilteredby: 'awsregion' } }] },
  },
  'middleware.storage.0.options.ipfilteredby': { middleware: { storage: [{ options: { ...edge, awsregion: 'r' } }] } },
  redis: { storage: withRedis, redis: { addrs: ['localhost:6379'] } },
  'redis.addr': { storage: withRedis },
  'redis.addrs': { storage: withRedis, redis: { addr: 'localhost:1' } },
  'redis.sentinelpassword': sentinels,
  'redis.sentinelusername': sentinels,
  'redis.tls.certificate': { storage: withRedis, redis: { addr: 'localhost:1', tls: { key: '/k' } } },
  'redis.tls.key': { storage: withRedis, redis: { addr: 'localhost:1', tls: { certificate: '/c' } } },
  'storage.cache.blobdescriptor': { storage: { inmemory: {} }, redis: { addr: 'localhost:1' } },
  'storage.cache.layerinfo': { storage: { inmemory: {} }, redis: { addr: 'localhost:1' } },
  'storage.s3': { storage: { s3: { region: 'r', bucket: 'b' } } },
  'storage.s3.accesskey': { storage: { s3: { region: 'r', bucket: 'b', secretkey: 's' } } },
  'storage.s3.secretkey': { storage: { s3: { region: 'r', bucket: 'b', accesskey: 'a' } } },
  'storage.s3.keyid': { storage: { s3: { region: 'r', bucket: 'b', encrypt: 'true' } } },
  'storage.s3.v4auth': {
    storage: { s3: { region: 'r', bucket: 'b', regionendpoint: 'http://localhost', accesskey: 'a', secretkey: 's' } },
  },
  'validation.enabled': { validation: { disabled: 'true' } },
  'validation.manifests.indexes.platformlist': {
    validation: {
      manifests: { indexes: { platforms: 'list', platformlist: [{ architecture: 'a', os: 'o' }] } },
    },
  },
}

function besideOf(option: string): object {
  const prefixes = Object.keys(beside).filter(prefix => option === prefix || option.startsWith(`${prefix}.`))
  return beside[prefixes.toSorted((a, b) => b.length - a.length)[0] ?? ''] ?? {}
}

/** The same with an option in it, or without. */
function changed(config: unknown, path: readonly string[], value: unknown): unknown {
  const [name, ...rest] = path
  if (name === undefined) return value
  const copy: Record<string, unknown> = Object.fromEntries(Object.entries(config ?? {}))
  const child = changed(copy[name], rest, value)
  if (child === undefined) delete copy[name]
  else copy[name] = child
  return /^\d+$/.test(name) ? Object.values(copy) : copy
}

/** Text that stands for itself in JSON, which is YAML. */
const placeholder = 'the value of the line'

/** Outcome of a configuration: settings or an error, and warnings. */
async function resultOf(
  config: Config,
  option: string,
): Promise<{ value?: unknown; error?: string; warnings: string }> {
  const value = await Promise.resolve()
    .then(() => read(config, option))
    .catch((error: unknown) => {
      if (!isConfigError(error)) throw error
      return error
    })
  const warnings = config.warnings.join('\n')
  return isConfigError(value) ? { error: value.message, warnings } : { value, warnings }
}

/** Reads the part of a configuration that an option belongs to, as the registry does. */
async function read(config: Config, option: string): Promise<unknown> {
  const path = option.split('.')
  if (option.startsWith('storage.s3.')) return config.section(['storage', 's3'], s3.definition.options)
  if (option.startsWith('storage.filesystem.')) {
    return config.section(['storage', 'filesystem'], filesystem.definition.options)
  }
  if (option.startsWith('middleware.storage.') && path.length > 4) {
    const name = nameOfMiddleware(path[2] ?? '')
    return config.section(['middleware', 'storage', '0', 'options'], middlewares[name].definition.options)
  }
  const isOfStack = option.startsWith('middleware.') || /^storage\.(?:azure|gcs)/.test(option)
  if (!isOfStack) return registrySettings(config)
  await using storage = await createStorage(config)
  return storage.name
}

function nameOfMiddleware(index: string): keyof typeof middlewares {
  return lines.find(({ option }) => option === `middleware.storage.${index}.name`)?.value as keyof typeof middlewares
}

/** Names the option, or a part of the configuration that it is in. */
function isAbout(message: string | undefined, option: string): boolean {
  const named =
    /^(?:\S+: )?([a-z][\w.[\]-]*):? (?:\S+: )?(?:has no effect|is not used|found|lets|there is no driver)/gim
  const names = Array.from((message ?? '').matchAll(named), ([, name = '']) => name.replaceAll(/\[(\d+)\]/g, '.$1'))
  return names.some(name => option === name || option.startsWith(`${name}.`) || name.startsWith(`${option}.`))
}

describe('every option of distribution.yml', () => {
  it.each(lines)('$option: $value is $outcome', async ({ option, value, outcome }) => {
    // Only the first entry of a list is filled here.
    const path = option.replace(/^middleware\.storage\.\d/, 'middleware.storage.0').split('.')
    const others = /^middleware\.storage\.[12]\.options/.test(option) ? {} : besideOf(path.join('.'))
    const configWith = (given: unknown): Config => {
      const json = JSON.stringify(changed(others, path, given)).replace(JSON.stringify(placeholder), value)
      return parseConfig(json, { file: 'config.yml' })
    }
    if (option === 'version') {
      expect(() => parseConfig('version: 0.2')).toThrow(`version: found '0.2'; accepted: ${value}`)
      return
    }
    const without = await resultOf(configWith(undefined), option)
    const given = await resultOf(configWith(placeholder), option)
    const told = { refused: isAbout(given.error, path.join('.')), warned: isAbout(given.warnings, path.join('.')) }
    if (outcome === 'refused') expect(told).toMatchObject({ refused: true })
    else expect([told, given.error]).toEqual([{ refused: false, warned: outcome === 'warned' }, undefined])
    if (outcome === 'taken') expect(given).not.toEqual(without)
  })
})

describe('every option that the registry knows', () => {
  /** Options of the sections that are read for a configuration. */
  function known(content: string): string[] {
    const config = parseConfig(content)
    const options: string[] = []
    const { section } = config
    config.section = (path, schema) => {
      options.push(...leaves(schema, path))
      return section.call(config, path, schema) as never
    }
    registrySettings(config)
    return options
  }

  function leaves(schema: $ZodType, path: readonly string[]): string[] {
    const { innerType } = schema._zod.def as { innerType?: $ZodType }
    if (innerType) return leaves(innerType, path)
    if (!(schema instanceof $ZodObject)) return [path.join('.')]
    return Object.entries(schema._zod.def.shape).flatMap(([name, field]) => leaves(field, [...path, name]))
  }

  it('is a line of it', () => {
    const contents = [
      '',
      'storage: { cache: { blobdescriptor: redis } }\nredis: { addr: "localhost:1" }',
      'auth: { htpasswd: { realm: r, path: /p } }',
      `auth: { token: ${JSON.stringify(token)} }`,
    ]
    const named = lines.map(({ option }) => option)
    const isNamed = (option: string): boolean => named.some(name => name === option || name.startsWith(`${option}.`))
    expect([...new Set(contents.flatMap(known))].filter(option => !isNamed(option))).toEqual([])
  })

  it('is there in one of three words', () => {
    expect(lines.filter(({ outcome }) => !['taken', 'warned', 'refused'].includes(outcome))).toEqual([])
    expect(lines.length).toBeGreaterThan(190)
  })
})
