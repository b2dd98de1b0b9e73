import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { loadConfig, parseConfig } from './config.ts'
import * as option from '../options/option.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'longshore-config-'))
})
afterAll(() => rm(directory, { recursive: true }))

const parse = (content: string, env = {}) => parseConfig(content, { file: 'config.yml', env })

describe('loadConfig', () => {
  it('reads a file and lays the environment over it', async () => {
    const file = join(directory, 'config.yml')
    await writeFile(file, 'version: 0.1\nhttp:\n  addr: :5000\n')
    const config = await loadConfig(file, { env: { REGISTRY_HTTP_SECRET: '0123' } })
    const http = z.object({ addr: option.text(), secret: option.secret() })
    expect(config.section(['http'], http)).toEqual({ addr: ':5000', secret: '0123' })
    expect(config.file).toBe(file)
  })

  it('says that a file is absent or a directory', async () => {
    const absent = join(directory, 'absent.yml')
    const folder = join(directory, 'folder')
    await mkdir(folder)
    await expect(loadConfig(absent)).rejects.toMatchObject({
      name: 'ConfigError',
      message: `${absent}: there is no such file`,
    })
    await expect(loadConfig(folder)).rejects.toThrow(`${folder}: found a directory; accepted: a file`)
  })
})

describe('parseConfig', () => {
  it('accepts every section of a registry', () => {
    const config = parse(`
version: "0.1"
log: {level: info}
storage: {inmemory: }
auth: {htpasswd: {realm: x, path: /x}}
middleware:
http: {addr: :5000}
notifications: {endpoints: []}
redis: {addrs: [localhost:6379]}
health: {storagedriver: {enabled: true}}
catalog: {maxentries: 10}
proxy: {remoteurl: https://example.com}
validation: {disabled: true}
policy:
compatibility:
reporting:
`)
    expect(config.warnings).toEqual([])
    expect(parse('').toJSON()).toEqual({ file: 'config.yml', sections: [] })
  })

  it('reports every mistake of the outermost level at once', () => {
    expect(() => parse('version: 0.2\nstorge: {}\nqwertyuiop: 1\n')).toThrow(
      new RegExp(
        [
          '^config\\.yml:2: storge: unknown section; did you mean storage\\? Accepted: version, log, .*',
          'config\\.yml:3: qwertyuiop: unknown section\\. Accepted: version, log, .*',
          "config\\.yml:1: version: found '0\\.2'; accepted: 0\\.1$",
        ].join('\n'),
      ),
    )
  })

  it('refuses what is no mapping', () => {
    expect(() => parse('- a\n')).toThrow('config.yml:1: found a list; accepted: a mapping of sections')
    expect(() => parse('just text')).toThrow('config.yml:1: found a text; accepted: a mapping of sections')
  })

  it('warns of deprecated names', () => {
    expect(parse('loglevel: debug\nstorage:\n  cache: {layerinfo: inmemory}\n').warnings).toEqual([
      'config.yml:1: loglevel is deprecated; use log.level',
      'config.yml:3: storage.cache.layerinfo is deprecated; use storage.cache.blobdescriptor',
    ])
  })
})

describe('Config.section', () => {
  const http = z.object({
    addr: option.text(),
    drainTimeout: z._default(option.duration(), 1000),
    tls: z.object({ minimumtls: z.optional(option.choice(['tls1.2', 'tls1.3'])) }).optional(),
    headers: z.record(z.string(), z.array(z.string())).optional(),
    secret: z.optional(option.secret()),
  })

  it('gives values of the types of the schema', () => {
    const config = parse('http:\n  addr: :5000\n  draintimeout: 1m\n  headers: {X-Content-Type-Options: [nosniff]}\n')
    expect(config.section(['http'], http)).toEqual({
      addr: ':5000',
      drainTimeout: 60_000,
      headers: { 'X-Content-Type-Options': ['nosniff'] },
    })
  })

  it('reads nested sections, single values and what is absent', () => {
    const config = parse('storage: {inmemory: , delete: {enabled: on}, redirect: }\nlog: {level: WARN}\n')
    const deletion = z.object({ enabled: z._default(option.boolean(), false) })
    expect(config.section(['storage', 'delete'], deletion)).toEqual({ enabled: true })
    expect(config.section(['storage', 'redirect'], z.object({ disable: z._default(option.boolean(), false) }))).toEqual(
      {
        disable: false,
      },
    )
    expect(config.section(['health'], deletion)).toEqual({ enabled: false })
    expect(config.section(['health'], deletion.optional())).toBeUndefined()
    expect(config.section(['log', 'level'], option.choice(['info', 'warn']))).toBe('warn')
  })

  it('says where each mistake was given', () => {
    const config = parse('http:\n  draintimeout: 10\n  tls:\n    minimumtls: ssl3\n  adr: x\n', {
      REGISTRY_HTTP_HEADERS: 'X-Frame',
    })
    expect(() => config.section(['http'], http)).toThrow(
      new RegExp(
        [
          '^config\\.yml:5: http\\.adr: unknown option; did you mean addr\\? Accepted: .*',
          'config\\.yml:1: http\\.addr: missing.*',
          "config\\.yml:2: http\\.draintimeout: found '10'; accepted: a duration with its unit.*",
          "config\\.yml:4: http\\.tls\\.minimumtls: found 'ssl3'; accepted: one of tls1\\.2, tls1\\.3",
          'REGISTRY_HTTP_HEADERS: http\\.headers: .*record.*$',
        ].join('\n'),
      ),
    )
    expect(() => parse('').section(['http'], http)).toThrow('config.yml: http.addr: missing')
  })

  it('opens a text of the environment where the schema wants a list or a mapping', () => {
    const config = parse('http: {addr: :5000}', {
      REGISTRY_HTTP_HEADERS: '{"X-Frame-Options": ["DENY"]}',
      REGISTRY_HTTP_TLS: 'minimumtls: tls1.3',
      REGISTRY_HTTP_SECRET: '{"a": "text"}',
    })
    expect(config.section(['http'], http)).toMatchObject({
      headers: { 'X-Frame-Options': ['DENY'] },
      tls: { minimumtls: 'tls1.3' },
      secret: '{"a": "text"}',
    })
  })

  it('does not open a text of the file, and shows nothing of what stands in a wrong place', () => {
    expect(() =>
      parse('http: {addr: {secret: hunter2}, tls: "{minimumtls: hunter2}"}').section(['http'], http),
    ).toThrow(
      /^config\.yml:1: http\.addr: found a mapping; accepted: a text\n.*http\.tls: found a text; accepted: a mapping/,
    )
    const env = { REGISTRY_HTTP_TLS: '{hunter2' }
    expect(() => parse('http: {addr: x}', env).section(['http'], http)).toThrow(/^REGISTRY_HTTP_TLS: (?!.*hunter2)/)
  })

  it('takes an unknown option of the environment for a warning, once', () => {
    const config = parse('http: {addr: :5000}', { REGISTRY_HTTP_ADRR: 'hunter2', REGISTRY_HTTP_DEBUG_X_Y: 'hunter2' })
    config.section(['http'], http)
    config.section(['http'], http)
    expect(config.warnings).toEqual([
      'REGISTRY_HTTP_ADRR: unknown option http.adrr; did you mean addr?; ignored',
      'REGISTRY_HTTP_DEBUG_X_Y: unknown option http.debug; ignored',
    ])
  })
})

describe('sections and lists that unknown variables alone have made', () => {
  const schema = z.object({
    tls: z.object({ key: option.text() }).optional(),
    endpoints: z.array(z.object({ url: option.text() })).optional(),
    ciphers: z.array(option.text()).optional(),
  })

  it('are left out', () => {
    const env = {
      REGISTRY_HTTP_TLS_VERIFY: '0',
      REGISTRY_HTTP_ENDPOINTS_0_NAME: 'x',
      REGISTRY_HTTP_CIPHERS_NAME: 'x',
    }
    const config = parse('', env)
    expect(config.section(['http'], schema)).toEqual({})
    expect(config.warnings).toEqual([
      'REGISTRY_HTTP_CIPHERS_NAME: http.ciphers is a list: the number of an entry must follow; ignored',
      'REGISTRY_HTTP_ENDPOINTS_0_NAME: unknown option http.endpoints[0].name; ignored',
      'REGISTRY_HTTP_TLS_VERIFY: unknown option http.tls.verify; ignored',
    ])
  })

  it('stay where a file has them', () => {
    const config = parse('http:\n  tls: {}\n', { REGISTRY_HTTP_TLS_VERIFY: '0' })
    expect(() => config.section(['http'], schema)).toThrow('config.yml:2: http.tls.key: missing')
  })
})

describe('an option that changes nothing', () => {
  const isFalse = (value: unknown): boolean => option.boolean().safeParse(value).data === false
  const schema = z.object({
    hooks: z.optional(option.unused('nobody gets mail')),
    caller: z.optional(option.unused('no line says who wrote it', { isAnyway: isFalse, schema: option.boolean() })),
  })

  it('is warned of with its place, unless its value asks for what is so anyway', () => {
    const warningsOf = (content: string, env = {}): readonly string[] => {
      const config = parse(content, env)
      config.section(['log'], schema)
      return config.warnings
    }
    expect(warningsOf('log:\n  hooks: [{ type: mail }]\n')).toEqual([
      'config.yml:2: log.hooks: has no effect; nobody gets mail',
    ])
    expect(warningsOf('', { REGISTRY_LOG_CALLER: 'true' })).toEqual([
      'REGISTRY_LOG_CALLER: log.caller: has no effect; no line says who wrote it',
    ])
    expect(warningsOf('log: { hooks: , caller: off }')).toEqual([])
    expect(() => warningsOf('log: { caller: perhaps }')).toThrow("log.caller: found 'perhaps'; accepted: true or false")
  })

  it('may be a whole section', () => {
    const config = parse('reporting: { bugsnag: { apikey: hunter2 } }')
    config.section(['reporting'], option.unused('nothing is reported'))
    expect(config.warnings).toEqual(['config.yml:1: reporting: has no effect; nothing is reported'])
  })
})

describe('Config.variables', () => {
  it('names those that a part consists of', () => {
    const config = parse('auth: { a: { b: x } }', {
      REGISTRY_AUTH_A_C: 'y',
      REGISTRY_AUTH_D_E: 'z',
      REGISTRY_AUTH_D_F: 'z',
      REGISTRY_HTTP: '{ tls: { key: /k } }',
    })
    expect(config.variables(['auth', 'a'])).toEqual([])
    expect(config.variables(['auth', 'd'])).toEqual(['REGISTRY_AUTH_D_E', 'REGISTRY_AUTH_D_F'])
    expect(config.variables(['http', 'tls', 'key'])).toEqual(['REGISTRY_HTTP'])
  })
})

describe('a printed Config', () => {
  it('shows no values', () => {
    const config = parse('storage: {s3: {secretkey: hunter2}}\nhttp: {secret: hunter2}', {
      REGISTRY_STORAGE_S3_SESSIONTOKEN: 'hunter2',
    })
    const printed = inspect(config, { depth: 9, showHidden: true }) + JSON.stringify(config)
    expect(printed).not.toContain('hunter2')
    expect(JSON.parse(JSON.stringify(config))).toEqual({ file: 'config.yml', sections: ['storage', 'http'] })
    expect(inspect(config)).toContain("file: 'config.yml'")
  })
})
