import { ListObjectsV2Command, type ListObjectsV2CommandInput, type _Object } from '@aws-sdk/client-s3'
import { type CallOptions, compareBytes } from '@longshore/middleware-core'
import type { Bucket } from '../bucket.ts'
import { incompleteResponse } from '../errors.ts'

/** One page of a listing. */
interface Page {
  readonly objects: readonly _Object[]
  readonly prefixes: readonly string[]
  readonly isLast: boolean
}

type Query = Pick<ListObjectsV2CommandInput, 'Prefix' | 'Delimiter' | 'StartAfter' | 'MaxKeys' | 'ContinuationToken'>

/** One page of a listing: one LIST, of 1,000 entries unless `MaxKeys` says less. */
async function listPage(
  bucket: Bucket,
  query: Query,
  options: CallOptions,
): Promise<Page & { readonly next: string | undefined }> {
  const command = new ListObjectsV2Command({ Bucket: bucket.name, EncodingType: 'url', ...query })
  const page = await bucket.run(o => bucket.client.send(command, o), options)
  // What a proxy answers instead has neither, and must not pass for an empty directory.
  if (page.Name === undefined && page.IsTruncated === undefined) {
    throw incompleteResponse('ListObjectsV2', 'Name')
  }
  const decode = page.EncodingType === 'url' ? decodeKey : (key: string): string => key
  const objects = (page.Contents ?? []).map(object => ({ ...object, Key: decode(object.Key ?? '') }))
  const prefixes = (page.CommonPrefixes ?? []).map(({ Prefix = '' }) => decode(Prefix))
  // A server that claims more but does not move on has come to the end. An empty page may still have others after it.
  const hasMoved = page.NextContinuationToken !== query.ContinuationToken
  const next = page.IsTruncated && hasMoved ? page.NextContinuationToken : undefined
  return { objects, prefixes, isLast: next === undefined, next }
}

/**
 * Decodes a key of a listing that was asked for with `encoding-type=url`: XML cannot carry every character that other programs
 * put into keys. A blank is `+` there. A server that says so and does not do it gives the key as it is.
 */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '))
  } catch {
    return key
  }
}

/**
 * The first page of a listing that has an entry, or the last page of all. A page may be empty, or repeat `StartAfter`, and
 * others still follow.
 */
export async function firstPage(
  bucket: Bucket,
  query: Omit<Query, 'ContinuationToken'>,
  options: CallOptions,
): Promise<Page> {
  const { StartAfter: known = '' } = query
  for await (const page of pages(bucket, query, options)) {
    const hasEntry = page.prefixes.length > 0 || page.objects.some(({ Key = '' }) => compareBytes(Key, known) > 0)
    if (hasEntry || page.isLast) return page
  }
  throw new Error('a listing has a last page')
}

/**
 * Yields the pages of a listing. `StartAfter` is sent only when there is one: some servers find nothing when it is empty.
 * `MaxKeys` is for the first page only: a caller that goes on needs more than it thought.
 */
export async function* pages(
  bucket: Bucket,
  { MaxKeys, ...query }: Omit<Query, 'ContinuationToken'>,
  options: CallOptions,
): AsyncGenerator<Page> {
  let page = await listPage(bucket, { ...query, ...(MaxKeys === undefined ? {} : { MaxKeys }) }, options)
  yield page
  while (page.next !== undefined) {
    page = await listPage(bucket, { ...query, ContinuationToken: page.next }, options)
    yield page
  }
}
