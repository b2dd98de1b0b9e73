import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { Ajv } from 'ajv'
import { parse } from 'yaml'

const schema = JSON.parse(readFileSync(new URL('../../config.schema.json', import.meta.url), 'utf8')) as object
const validate = new Ajv({ allErrors: true, strictTypes: false }).compile(schema)

/** Places of the mistakes that an editor shows. */
function mistakesIn(yaml: string): string[] {
  validate(parse(yaml))
  return [...new Set((validate.errors ?? []).map(({ instancePath }) => instancePath))].filter(
    (path, _, paths) => !paths.some(other => other.startsWith(`${path}/`)),
  )
}

describe('the JSON Schema of config.yml', () => {
  it('takes every option of Distribution that is not refused, and marks the others', () => {
    const text = readFileSync(new URL('../../distribution.yml', import.meta.url), 'utf8')
    expect(mistakesIn(text).toSorted()).toEqual([
      '/http/tls/letsencrypt/cachefile',
      '/http/tls/letsencrypt/directoryurl',
      '/http/tls/letsencrypt/email',
      '/http/tls/letsencrypt/hosts',
      '/policy/repository/classes',
      '/proxy/remoteurl',
      '/validation/manifests/urls/allow',
      '/validation/manifests/urls/deny',
    ])
  })

  it.each([
    'storage: inmemory',
    'storage: { filesystem: { rootdirectory: /srv } }',
    'storage: { s3: { region: eu-central-1, bucket: b, secure: "no", chunksize: "10485760", urlexpiry: 1h30m } }',
    'storage: { "@acme/tape": { speed: 5 } }',
    'storage: { inmemory: }\nhttp: { addr: ":5000", tls: }\nlog: { level: WARN }',
    'storage: inmemory\nmiddleware: { storage: [{ name: "@acme/audit", options: { everything: true } }] }',
  ])('has nothing against %s', yaml => {
    expect(mistakesIn(yaml)).toEqual([])
  })

  it.each([
    ['storage: inmemory\nhtpp: {}', ''],
    ['http: {}', ''],
    ['storage: inmemory\nlog: { level: verbose }', '/log/level'],
    ['storage: inmemory\nhttp: { adr: ":5000" }', '/http'],
    ['storage: inmemory\nhttp: { draintimeout: 10 }', '/http/draintimeout'],
    ['storage: inmemory\ncatalog: { maxentries: many }', '/catalog/maxentries'],
    ['storage: inmemory\nproxy: { remoteurl: https://registry-1.docker.io }', '/proxy/remoteurl'],
    ['storage: inmemory\nauth: { htpasswd: { realm: r } }', '/auth/htpasswd'],
    [
      'storage: inmemory\nmiddleware: { storage: [{ name: cloudfront, options: { keypairid: K } }] }',
      '/middleware/storage/0/options',
    ],
    [
      'storage: inmemory\nmiddleware: { storage: [{ name: cloudfront, options: { baseurl: https://e, policy: open } }] }',
      '/middleware/storage/0/options/policy',
    ],
  ])('marks %s', (yaml, place) => {
    expect(mistakesIn(yaml)).toEqual([place])
  })
})
