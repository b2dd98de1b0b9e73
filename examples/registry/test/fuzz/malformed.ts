import { asDigest } from '../../src/oci/digest.ts'
import { isRepositoryName, isTag } from '../../src/oci/names.ts'
import { malformedHttp } from './malformed-http.ts'
import { malformedManifest } from './malformed-manifest.ts'
import type { Random } from './random.ts'
import { type Attempt, request } from './wire.ts'

/** What is in the registry that the requests are for. */
export interface Present {
  readonly name: string
  /** A blob, and how many bytes it has. */
  readonly blob: string
  readonly size: number
  /** Paths of uploads that have no bytes yet. */
  readonly uploads: readonly string[]
}

const visible = String.fromCharCode(...Array.from({ length: 94 }, (_, n) => n + 33)).replace(/[?#]/g, '')
const alphabets = ['abcXYZ019._-/', 'a./_-', '%2Fe0.', visible, '/']
const methods = ['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE']

function badName(random: Random): string {
  return random.textThat(
    text => !isRepositoryName(text),
    () => random.pick([() => random.text(random.pick(alphabets), 40), () => 'a'.repeat(256 + random.below(2000))])(),
  )
}

function badDigest(random: Random): string {
  const forms = [
    () => random.text(visible.replace(/[/&%+]/g, ''), 40),
    () => `sha256:${random.hex(random.pick([0, 1, 63, 65, 128, 2000]))}`,
    () => `sha512:${random.hex(64)}`,
    () => `sha256:${random.hex(64).toUpperCase()}A`,
    () => `${random.pick(['md5', 'sha384', 'SHA256', '', 'sha256 ', 'sha256+b64'])}:${random.hex(64)}`,
    () => `sha256:${random.hex(64)}${random.pick(['%00', '%0a', ' ', '\t', '/'])}`.replace(/\s/g, '%20'),
  ]
  return random.textThat(
    text => text !== '' && asDigest(text) === undefined,
    () => random.pick(forms)(),
  )
}

const unknownDigest = (random: Random): string => `sha256:${random.hex(64)}`
const uuid = (random: Random): string => [8, 4, 4, 4, 12].map(digits => random.hex(digits)).join('-')

/** Where names, references and ids are in paths, with methods that the endpoint knows. */
function badPath(random: Random, { name }: Present): Attempt {
  const rest = random.pick([
    `blobs/${unknownDigest(random)}`,
    'manifests/latest',
    'tags/list',
    'blobs/uploads/',
    `blobs/uploads/${uuid(random)}`,
    `referrers/${unknownDigest(random)}`,
  ])
  const known = random.pick([
    () => request(random.pick(methods), `/v2/${badName(random)}/${rest}`),
    () => request(random.pick(['GET', 'HEAD', 'DELETE']), `/v2/${name}/blobs/${badDigest(random)}`),
    () => request('GET', `/v2/${name}/referrers/${badDigest(random)}`),
    () => request(random.pick(['GET', 'HEAD', 'DELETE']), `/v2/${name}/blobs/${unknownDigest(random)}`),
    () => request(random.pick(['GET', 'HEAD', 'DELETE']), `/v2/${name}/manifests/${unknownDigest(random)}`),
    () => request(random.pick(['GET', 'PATCH', 'PUT', 'DELETE']), `/v2/${name}/blobs/uploads/${badUpload(random)}`),
    () => request(random.pick(methods), `/${random.text(visible, 60)}`),
    () => request(random.pick(['POST', 'PATCH']), `/v2/${name}/${random.pick(['tags/list', 'manifests/latest'])}`),
  ])
  return known()
}

function badUpload(random: Random): string {
  return random.pick([
    () => uuid(random),
    () =>
      random.textThat(
        text => text !== '',
        () => random.text(visible, 60),
      ),
  ])()
}

function badReference(random: Random, { name }: Present): Attempt {
  const tag = random.textThat(
    text => text !== '' && !isTag(text) && asDigest(text) === undefined,
    () =>
      random.pick([
        () => random.text(random.pick(alphabets), 60),
        () => 'a'.repeat(129 + random.below(1000)),
        () => badDigest(random),
      ])(),
  )
  return request(random.pick(['GET', 'HEAD', 'PUT', 'DELETE']), `/v2/${name}/manifests/${tag}`)
}

function badQuery(random: Random, present: Present): Attempt {
  const number = random.textThat(
    text => text !== '' && !/^\d{1,9}$/.test(text),
    () =>
      random.pick([
        () => random.text(visible.replace(/[&+%]/g, ''), 12),
        () => `-${random.below(100)}`,
        () => '9'.repeat(10 + random.below(400)),
      ])(),
  )
  const digest = badDigest(random).replaceAll('&', '%26')
  const repository = `/v2/${present.name}`
  return random.pick([
    () => request('GET', `${repository}/tags/list?n=${number}`),
    () => request('GET', `${repository}/tags/list?n=${number}&n=1`),
    () => request('GET', `/v2/_catalog?n=${random.pick([number, '1001', '999999999'])}`),
    () =>
      request(
        'GET',
        `/v2/_catalog?last=${encodeURIComponent(
          random.textThat(
            text => text !== '' && !isRepositoryName(text),
            () => random.text(visible, 30),
          ),
        )}`,
      ),
    () => request('GET', `${repository}/referrers/${unknownDigest(random)}?last=${digest}`),
    () => request('POST', `${repository}/blobs/uploads/?digest=${digest}`, { body: 'content' }),
    () => request('POST', `${repository}/blobs/uploads/?digest=${unknownDigest(random)}`, { body: 'content' }),
    () =>
      request(
        'PUT',
        `${random.pick(present.uploads)}${random.pick(present.uploads).includes('?') ? '&' : '?'}digest=${digest}`,
      ),
    () => request('PUT', random.pick(present.uploads), { body: 'content' }),
  ])()
}

function badRange(random: Random, { name, blob, size, uploads }: Present): Attempt {
  const start = size + random.below(10 ** random.below(15))
  const range = `bytes=${start}-${random.pick(['', String(start + random.below(1000))])}`
  const upload = random.pick(uploads)
  const contentRange = random.pick([
    () =>
      random.textThat(
        text => !/^(?:bytes )?\d+-\d+/.test(text) && text.trim() !== '',
        () => random.text(visible, 30),
      ),
    () => `${1 + random.below(1e6)}-${1e6 + random.below(1e6)}`,
    () => `${10 + random.below(1e6)}-${random.below(10)}`,
    () => `0-${random.pick([1, 5, 7, 1e9])}`,
    () => `${'9'.repeat(16 + random.below(100))}-1`,
  ])
  const chunk = { headers: { 'content-range': contentRange() }, body: 'content' }
  return random.pick([
    () => request('GET', `/v2/${name}/blobs/${blob}`, { headers: { range } }),
    () => request('PATCH', upload, chunk),
    () => request('PUT', `${upload}${upload.includes('?') ? '&' : '?'}digest=${unknownDigest(random)}`, chunk),
  ])()
}

/** A request that is wrong in at least one way, of a kind that no registry may take. */
export function malformed(random: Random, present: Present): Attempt {
  const kinds = [badPath, badPath, badReference, badQuery, badRange, malformedManifest, malformedManifest]
  return random.below(12) === 0 ? malformedHttp(random, present.name) : random.pick(kinds)(random, present)
}
