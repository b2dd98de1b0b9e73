import type { Call, Operation } from '../call.ts'
import { bucketOf, xml } from '../call.ts'
import { s3Error } from '../../errors.ts'
import { storageClassOf } from '../object-headers.ts'
import { pageOf } from '../page.ts'
import type { StoredObject } from '../store.ts'
import type { Markup } from '../xml.ts'
import { document, element, optional } from '../xml.ts'

export const listObjectsV2: Operation = call => {
  const { query } = call.request
  const token = query.get('continuation-token')
  const startAfter = query.get('start-after')
  const after = token === undefined ? startAfter : fromToken(token)
  const isEmpty = token === undefined && call.cloud.quirks.emptyFirstPage
  const { page, names, render, shared } = list(call, after, isEmpty)
  return xml(
    document(
      'ListBucketResult',
      shared,
      element('KeyCount', page.items.length + page.commonPrefixes.length),
      optional('StartAfter', startAfter === undefined ? undefined : names(startAfter)),
      optional('ContinuationToken', token),
      optional('NextContinuationToken', page.next === undefined ? undefined : toToken(page.next)),
      page.items.map(object => render(object, query.get('fetch-owner') === 'true')),
      page.prefixes,
    ),
  )
}

export const listObjects: Operation = call => {
  const { query } = call.request
  const marker = query.get('marker')
  const { page, names, render, shared } = list(call, marker === '' ? undefined : marker)
  // "This element is returned only if you have the delimiter request parameter specified."
  const next = query.has('delimiter') ? page.next : undefined
  return xml(
    document(
      'ListBucketResult',
      shared,
      element('Marker', names(marker ?? '')),
      optional('NextMarker', next === undefined ? undefined : names(next)),
      page.items.map(object => render(object, true)),
      page.prefixes,
    ),
  )
}

function list(call: Call, after: string | undefined, isEmpty = false) {
  const bucket = bucketOf(call)
  const { quirks } = call.cloud
  const { query } = call.request
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const limit = pageLimit(call, 'max-keys')
  const names = keyEncoder(call)
  const state = quirks.staleLists
    ? bucket.stale(quirks.staleLists)
    : { keys: bucket.keys(), get: (key: string) => bucket.get(key) }
  const found = pageOf(isEmpty ? [] : state.keys, key => key, { prefix, delimiter, after, limit })
  const truncated = found.truncated || quirks.alwaysTruncated || isEmpty
  const page = {
    ...found,
    items: found.items.map(key => state.get(key)!),
    prefixes: found.commonPrefixes.map(common => element('CommonPrefixes', element('Prefix', names(common)))),
    next: truncated ? (found.last ?? after ?? '') : undefined,
  }
  const render = (object: StoredObject, withOwner: boolean): Markup =>
    element(
      'Contents',
      element('Key', names(object.key)),
      element('LastModified', new Date(object.modified).toISOString()),
      element('ETag', `"${object.etag}"`),
      element('Size', object.content.size),
      withOwner ? element('Owner', element('ID', 'local'), element('DisplayName', 'local')) : undefined,
      element('StorageClass', storageClassOf(object)),
    )
  const shared = [
    element('Name', bucket.name),
    element('Prefix', names(prefix)),
    element('MaxKeys', limit),
    ...(delimiter === '' ? [] : [element('Delimiter', names(delimiter))]),
    ...(query.has('encoding-type') ? [element('EncodingType', 'url')] : []),
    element('IsTruncated', truncated),
  ]
  return { page, names, render, shared }
}

/** `max-keys` and its kin: at most 1,000, however much is asked for. */
export function pageLimit(call: Call, name: string): number {
  const value = call.request.query.get(name) ?? ''
  if (value === '') return 1000
  if (!/^\d{1,10}$/.test(value)) {
    throw s3Error('InvalidArgument', `Provided ${name} not an integer or within integer range`, {
      ArgumentName: name,
      ArgumentValue: value,
    })
  }
  return Math.min(Number(value), 1000)
}

/** Keys as the answer writes them: with `encoding-type=url` they survive XML, which has no way to write some characters. */
export function keyEncoder(call: Call): (key: string) => string {
  const encoding = call.request.query.get('encoding-type')
  if (encoding === undefined) return key => key
  if (encoding !== 'url') throw s3Error('InvalidArgument', 'Invalid Encoding Method specified in Request')
  return key =>
    encodeURIComponent(key)
      .replaceAll('%2F', '/')
      .replaceAll('%20', '+')
      .replace(/[!'()]/g, found => `%${found.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** Opaque to clients, so that none takes it for a key. */
function toToken(key: string): string {
  return Buffer.from(`after:${key}`).toString('base64')
}

function fromToken(token: string): string {
  const text = Buffer.from(token, 'base64').toString()
  if (!text.startsWith('after:')) throw s3Error('InvalidArgument', 'The continuation token provided is incorrect')
  return text.slice('after:'.length)
}
