import type { Random } from './random.ts'
import { type Attempt, request } from './wire.ts'

const imageType = 'application/vnd.oci.image.manifest.v1+json'
const longest = 4 * 1024 * 1024

/** JSON of some depth, of any kind. */
function anyJson(random: Random, depth = 4): unknown {
  const leaves = [null, true, -1, 1e308, '', 'ü', '\u0000', 'sha256:', [], {}, '__proto__']
  if (depth === 0 || random.below(3) === 0) return random.pick(leaves)
  const children = Array.from({ length: random.below(4) }, () => anyJson(random, depth - 1))
  if (random.below(2) === 0) return children
  const keys = [
    'mediaType',
    'config',
    'layers',
    'manifests',
    'subject',
    'digest',
    'size',
    'annotations',
    '__proto__',
    'constructor',
    'toString',
  ]
  return Object.fromEntries(children.map(child => [random.pick(keys), child]))
}

/** A manifest whose config is not there, with one more thing wrong with it. */
function almost(random: Random): unknown {
  const config = { mediaType: 'application/octet-stream', digest: `sha256:${random.hex(64)}`, size: random.below(1000) }
  const manifest: Record<string, unknown> = { schemaVersion: 2, mediaType: imageType, config, layers: [config] }
  const [field, target] = random.pick([
    ['schemaVersion', manifest],
    ['mediaType', manifest],
    ['config', manifest],
    ['layers', manifest],
    ['manifests', manifest],
    ['subject', manifest],
    ['annotations', manifest],
    ['artifactType', manifest],
    ['mediaType', config],
    ['digest', config],
    ['size', config],
    ['urls', config],
    ['data', config],
    ['platform', config],
  ] as [string, Record<string, unknown>][])
  target[field] = anyJson(random)
  return manifest
}

/** Of up to the longest length and beyond: nested as deep, or with as many elements, as there is room. */
function large(random: Random): string {
  const size = random.pick([1000, 100_000, longest - 100, longest, longest + 1, longest + 100_000])
  const fill = (one: string): string => one.repeat(Math.floor(size / one.length))
  return random.pick([
    () => fill('['),
    () => fill('{"a":'),
    () => `${'['.repeat(size / 2)}${']'.repeat(size / 2)}`,
    () => `{"schemaVersion":2,"layers":[${fill('{},')}{}]}`,
    () => `{"schemaVersion":2,"manifests":[${fill('null,')}0]}`,
    () => `{"schemaVersion":2,"annotations":{${fill('"a":1,')}"b":2}}`,
    () => `"${fill('x')}`,
    () => fill('9'),
    () => fill(' '),
    () => fill('\u0000'),
  ])()
}

export function malformedManifest(random: Random, { name }: { readonly name: string }): Attempt {
  const reference = random.pick(['latest', `sha256:${random.hex(64)}`, `fuzz-${random.below(100)}`])
  const types = [imageType, 'application/vnd.oci.image.index.v1+json', 'application/json', 'text/html', '*/*', ';', 'ü']
  const body = random.below(200) === 0 ? large(random) : content(random)
  return request('PUT', `/v2/${name}/manifests/${reference}`, { headers: { 'content-type': random.pick(types) }, body })
}

function content(random: Random): Buffer {
  const text = JSON.stringify(random.below(2) === 0 ? almost(random) : anyJson(random))
  const bytes = Buffer.from(text)
  if (random.below(3) > 0) return bytes
  const at = random.below(bytes.length)
  return random.pick([
    () => bytes.subarray(0, at),
    () => Buffer.concat([bytes, bytes]),
    () => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]),
    () => Buffer.concat([bytes.subarray(0, at), Buffer.from([random.below(256)]), bytes.subarray(at)]),
  ])()
}
