import { describe, expect, it } from '@jest/globals'
import { type Config, parseConfig } from './config.ts'
import { type Environment } from './environment.ts'
import { plain } from './tree.ts'

const load = (content: string, env: Environment): Config => parseConfig(content, { file: 'config.yml', env })

/** What a section holds with the environment laid over it. */
const section = (content: string, env: Environment, ...path: string[]): unknown => plain(load(content, env).part(path))

const list = (content: string, env: Environment): unknown => section(content, env, 'middleware', 'storage')

const s3File = `
storage:
  s3:
    region: eu-west-1
    bucket: file
  delete:
    enabled: true
  cache:
    blobdescriptor: inmemory
`

describe('REGISTRY_ variables', () => {
  it('replace a value and leave those beside it', () => {
    const env = { REGISTRY_STORAGE_S3_BUCKET: 'env' }
    expect(section(s3File, env, 'storage', 's3')).toEqual({ region: 'eu-west-1', bucket: 'env' })
  })

  it.each(['0123', 'null', 'off', '{a: 1}', '[x]', 'a: b', '~', '*x', ' padded '])('keep %p a text', value => {
    const env = { REGISTRY_STORAGE_S3_SECRETKEY: value }
    expect(section(s3File, env, 'storage', 's3', 'secretkey')).toBe(value)
  })

  it('match names without regard to case', () => {
    const env = { REGISTRY_STORAGE_S3_BUCKET: 'env' }
    expect(section('Storage: {S3: {Bucket: file}}', env, 'storage')).toEqual({ S3: { Bucket: 'env' } })
  })

  it('make sections that the file does not have', () => {
    const env = { REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED: 'true', REGISTRY_HTTP_ADDR: ':5001' }
    expect(section(s3File, env, 'storage', 'maintenance')).toEqual({ readonly: { enabled: 'true' } })
    expect(section('', env, 'http')).toEqual({ addr: ':5001' })
  })

  it('go into what another variable gave as YAML or JSON', () => {
    const env = {
      REGISTRY_STORAGE_MAINTENANCE_READONLY: '{"enabled":true}',
      REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED: 'false',
    }
    expect(section(s3File, env, 'storage', 'maintenance')).toEqual({ readonly: { enabled: 'false' } })
  })

  it('empty an option of the file, but make nothing when they are empty', () => {
    const env = { REGISTRY_STORAGE_S3_BUCKET: '', REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: '' }
    expect(section(s3File, env, 'storage', 's3', 'bucket')).toBe('')
    expect(section(s3File, env, 'storage', 'filesystem')).toBe('')
  })

  describe('REGISTRY_STORAGE', () => {
    it('selects a driver and keeps the settings beside it', () => {
      const env = { REGISTRY_STORAGE: 'inmemory' }
      expect(section(s3File, env, 'storage')).toEqual({
        inmemory: '',
        delete: { enabled: 'true' },
        cache: { blobdescriptor: 'inmemory' },
      })
    })

    it.each(['s3', 'S3', 's3aws'])('keeps the options of the driver that the file has: %s', name => {
      expect(section(s3File, { REGISTRY_STORAGE: name }, 'storage', 's3')).toEqual({
        region: 'eu-west-1',
        bucket: 'file',
      })
    })

    it('comes before the options of the driver that it selects', () => {
      const env = { REGISTRY_STORAGE_S3_BUCKET: 'env', REGISTRY_STORAGE: 's3' }
      expect(section('storage: {filesystem: {rootdirectory: /x}}', env, 'storage')).toEqual({ s3: { bucket: 'env' } })
      expect(section('', env, 'storage')).toEqual({ s3: { bucket: 'env' } })
    })

    it('replaces the whole section when it is a mapping', () => {
      const env = { REGISTRY_STORAGE: '{"s3":{"bucket":"json"}}', REGISTRY_STORAGE_S3_REGION: 'env' }
      expect(section(s3File, env, 'storage')).toEqual({ s3: { bucket: 'json', region: 'env' } })
    })

    it('changes nothing when it is empty', () => {
      expect(section(s3File, { REGISTRY_STORAGE: '' }, 'storage')).toHaveProperty('s3')
    })

    it('is refused without being quoted when it is broken', () => {
      expect(() => load('', { REGISTRY_STORAGE: '{"s3":{"secretkey":"hunter2"' })).toThrow(
        /^REGISTRY_STORAGE: (?!.*hunter2)/,
      )
    })
  })

  describe('of lists', () => {
    const file = 'middleware: {storage: [{name: redirect, options: {baseurl: http://file/}}]}'

    it('change an entry', () => {
      const env = { REGISTRY_MIDDLEWARE_STORAGE_0_OPTIONS_BASEURL: 'http://env/' }
      expect(list(file, env)).toEqual([{ name: 'redirect', options: { baseurl: 'http://env/' } }])
    })

    it('add an entry at the end', () => {
      const env = { REGISTRY_MIDDLEWARE_STORAGE_1_NAME: 'rewrite', REGISTRY_MIDDLEWARE_STORAGE_1_OPTIONS_HOST: 'h' }
      expect(list(file, env)).toEqual([
        { name: 'redirect', options: { baseurl: 'http://file/' } },
        { name: 'rewrite', options: { host: 'h' } },
      ])
    })

    it('make a list of more than ten entries', () => {
      const names = Array.from({ length: 12 }, (_, index) => `m${index}`)
      const env = Object.fromEntries(names.map((name, index) => [`REGISTRY_MIDDLEWARE_STORAGE_${index}_NAME`, name]))
      expect(list('', env)).toEqual(names.map(name => ({ name })))
    })

    it('give the options of an entry, an entry or the list as YAML', () => {
      expect(
        list('', {
          REGISTRY_MIDDLEWARE_STORAGE: '[{name: redirect}]',
          REGISTRY_MIDDLEWARE_STORAGE_0_OPTIONS: '{"baseurl":"http://env/"}',
          REGISTRY_MIDDLEWARE_STORAGE_0_OPTIONS_BASEURL: 'http://deeper/',
          REGISTRY_MIDDLEWARE_STORAGE_1: 'name: rewrite',
          REGISTRY_MIDDLEWARE_STORAGE_1_DISABLED: 'true',
        }),
      ).toEqual([
        { name: 'redirect', options: { baseurl: 'http://deeper/' } },
        { name: 'rewrite', disabled: 'true' },
      ])
    })

    it('refuse an index beyond the end', () => {
      const message =
        'REGISTRY_MIDDLEWARE_STORAGE_2_NAME: middleware.storage: found the index 2; ' +
        'accepted: 0 to 1, where 1 adds an entry'
      expect(() => load(file, { REGISTRY_MIDDLEWARE_STORAGE_2_NAME: 'rewrite' })).toThrow(message)
    })
  })

  describe('that mean nothing', () => {
    it('are warnings that show no value and guess a near name', () => {
      const { warnings } = load(s3File, {
        REGISTRY_STORGE_S3_BUCKET: 'hunter2',
        REGISTRY_SECRET: 'hunter2',
        REGISTRY__X: 'hunter2',
        REGISTRY_STORAGE_S3_BUCKET_NAME: 'hunter2',
        OTHER: 'hunter2',
      })
      expect(warnings).toEqual([
        'REGISTRY__X: no section has this name; ignored',
        'REGISTRY_SECRET: no section has this name; ignored',
        'REGISTRY_STORAGE_S3_BUCKET_NAME: storage.s3.bucket holds a text, nothing below it; ignored',
        'REGISTRY_STORGE_S3_BUCKET: no section has this name; did you mean REGISTRY_STORAGE_S3_BUCKET?; ignored',
      ])
    })

    it('go below a secret without the secret being read as anything else', () => {
      const config = load(s3File, {
        REGISTRY_STORAGE_S3_SECRETKEY: '{"hunter2',
        REGISTRY_STORAGE_S3_SECRETKEY_FILE: '/run/secrets/key',
      })
      expect(plain(config.part(['storage', 's3', 'secretkey']))).toBe('{"hunter2')
      expect(config.warnings).toEqual([
        'REGISTRY_STORAGE_S3_SECRETKEY_FILE: storage.s3.secretkey holds a text, nothing below it; ignored',
      ])
    })

    it('come from Kubernetes for services whose name begins with registry', () => {
      const env: Environment = {
        REGISTRY_PORT: 'tcp://10.0.0.1:5000',
        REGISTRY_PORT_5000_TCP: 'tcp://10.0.0.1:5000',
        REGISTRY_PORT_5000_TCP_ADDR: '10.0.0.1',
        REGISTRY_SERVICE_HOST: '10.0.0.1',
        REGISTRY_SERVICE_PORT_HTTP: '5000',
        REGISTRY_STORAGE_PORT: 'tcp://10.0.0.2:9000',
        REGISTRY_STORAGE_PORT_9000_TCP_PROTO: 'tcp',
        REGISTRY_STORAGE_SERVICE_HOST: '10.0.0.2',
        REGISTRY_MIDDLEWARE_STORAGE_SERVICE_PORT: '80',
      }
      const config = load(s3File, env)
      expect(plain(config.part(['storage']))).toEqual(plain(load(s3File, {}).part(['storage'])))
      expect(config.warnings).toHaveLength(Object.keys(env).length)
      expect(config.warnings[0]).toMatch(/looks like what Kubernetes tells of a service; ignored$/)
    })

    it('give a text, or an entry of a list, where a section is a mapping', () => {
      const env = { REGISTRY_PROXY: 'http://hunter2@proxy:3128', REGISTRY_LOG_0: 'x', REGISTRY_STORAGE: '' }
      const config = load(s3File, env)
      expect(config.toJSON().sections).toEqual(['storage'])
      expect(config.warnings).toEqual([
        'REGISTRY_LOG_0: log is no list; ignored',
        'REGISTRY_PROXY: proxy is a mapping, found a text; ignored',
      ])
    })

    it('try to set the version', () => {
      expect(load('version: 0.1', { REGISTRY_VERSION: '9' }).warnings).toEqual([
        'REGISTRY_VERSION: the version cannot be set from the environment; ignored',
      ])
    })

    it('name a list without saying which entry', () => {
      const { warnings } = load('middleware: {storage: [{name: x}]}', { REGISTRY_MIDDLEWARE_STORAGE_NAME: 'y' })
      expect(warnings).toEqual([
        'REGISTRY_MIDDLEWARE_STORAGE_NAME: middleware.storage is a list: the number of an entry must follow; ignored',
      ])
    })
  })
})
