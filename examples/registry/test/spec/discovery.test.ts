import { beforeAll, describe, expect } from '@jest/globals'
import {
  content,
  descriptor,
  digestOf,
  imageType,
  indexType,
  newManifest,
  pushBlob,
  putManifest,
} from '../support/client.ts'
import { sharedRegistry } from '../support/registry.ts'
import { answers } from './answers.ts'

const name = 'library/listed'
const registry = sharedRegistry()
const subject = digestOf(content())
const unknown = digestOf(content())

beforeAll(async () => {
  const image = await newManifest(registry, name)
  for (const tag of ['c', 'B', 'a']) await putManifest(registry, tag, image, { name })
  const config = descriptor(await pushBlob(registry, content(), name), 'application/vnd.example.config')
  const fields = { schemaVersion: 2, mediaType: imageType, config, layers: [], subject: descriptor(subject) }
  for (const artifactType of ['a/b', 'c/d']) {
    const body = JSON.stringify({ ...fields, artifactType })
    await putManifest(registry, digestOf(body), body, { name })
  }
})

describe('end-8a: GET /v2/<name>/tags/list', () => {
  answers(registry, {
    'lists tags': { path: `${name}/tags/list`, status: 200, text: JSON.stringify({ name, tags: ['a', 'B', 'c'] }) },
    'knows no other repository': { path: 'nothing/tags/list', status: 404, code: 'NAME_UNKNOWN' },
    'refuses a name that is none': { path: 'Library/tags/list', status: 400, code: 'NAME_INVALID' },
  })
})

describe('end-8b: GET /v2/<name>/tags/list?n=<integer>&last=<tagname>', () => {
  const page = (query: string, tags: string[], link: string | null = null) => ({
    path: `${name}/tags/list?${query}`,
    status: 200,
    text: JSON.stringify({ name, tags }),
    answer: { link: link && `</v2/${name}/tags/list?${link}>; rel="next"` },
  })
  answers(registry, {
    'gives the first': page('n=2', ['a', 'B'], 'n=2&last=B'),
    'goes on': page('n=2&last=B', ['c']),
    'gives all after one': page('last=a', ['B', 'c']),
    'gives nothing after the last': page('n=2&last=c', []),
    'gives none': page('n=0', []),
    'gives no more than there are': page('n=100', ['a', 'B', 'c']),
    'refuses what is no number': { path: `${name}/tags/list?n=x`, status: 400, code: 'PAGINATION_NUMBER_INVALID' },
    'knows no other repository': { path: 'nothing/tags/list?n=1', status: 404, code: 'NAME_UNKNOWN' },
  })
})

describe('end-12: GET /v2/<name>/referrers/<digest>', () => {
  const listed = (digests: number) => ({
    status: 200,
    text: expect.stringMatching(new RegExp(`^[^[]*\\[(?:[^[]*"digest"){${digests}}[^[]*\\]\\}$`)),
  })
  const path = `${name}/referrers/`
  answers(registry, {
    'end-12a: lists referrers': { path: path + subject, ...listed(2), answer: { 'content-type': indexType } },
    'end-12a: has an empty list for all else': {
      path: path + unknown,
      ...listed(0),
      answer: { 'content-type': indexType },
    },
    'end-12a: has an empty list for other repositories': { path: `nothing/referrers/${subject}`, ...listed(0) },
    'end-12a: refuses a digest that is none': { path: `${path}sha256:bad`, status: 400, code: 'DIGEST_INVALID' },
    'end-12a: refuses a tag': { path: `${path}latest`, status: 400, code: 'DIGEST_INVALID' },
    'end-12a: refuses a name that is none': { path: `Library/referrers/${subject}`, status: 400, code: 'NAME_INVALID' },
    'end-12b: lists those of one type': {
      path: `${path}${subject}?artifactType=a/b`,
      ...listed(1),
      answer: { 'oci-filters-applied': 'artifactType' },
    },
    'end-12b: lists none of other types': {
      path: `${path}${subject}?artifactType=e/f`,
      ...listed(0),
      answer: { 'oci-filters-applied': 'artifactType' },
    },
  })
})
