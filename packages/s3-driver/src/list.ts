import { ListObjectsV2Command, type ListObjectsV2CommandInput, type _Object } from '@aws-sdk/client-s3'
import { type CallOptions, childPath, isPathComponent } from '@longshore/middleware-core'
import type { Bucket } from './bucket.ts'

/** One page of a listing. */
interface Page {
  readonly objects: readonly _Object[]
  readonly prefixes: readonly string[]
  readonly isLast: boolean
}

type Query = Pick<ListObjectsV2CommandInput, 'Prefix' | 'Delimiter' | 'StartAfter' | 'MaxKeys'>

/**
 * The pages of a listing, 1,000 entries each. `StartAfter` is sent only when there is one: some servers find nothing when
 * it is empty. A server that claims more but does not move on ends the listing.
 */
export async function* pages(bucket: Bucket, query: Query, options: CallOptions): AsyncGenerator<Page> {
  let token: string | undefined
  do {
    const command = new ListObjectsV2Command({
      Bucket: bucket.name,
      ...query,
      ...(token === undefined ? {} : { ContinuationToken: token }),
    })
    const page = await bucket.run(o => bucket.client.send(command, o), options)
    const { Contents: objects = [], CommonPrefixes = [] } = page
    const hasMoved = page.NextContinuationToken !== token && objects.length + CommonPrefixes.length > 0
    token = page.IsTruncated && hasMoved ? page.NextContinuationToken : undefined
    yield { objects, prefixes: CommonPrefixes.map(({ Prefix = '' }) => Prefix), isLast: token === undefined }
  } while (token !== undefined)
}

/** Absolute paths of a directory's direct children: one LIST for every 1,000. */
export async function listChildren(bucket: Bucket, directory: string, options: CallOptions): Promise<string[]> {
  const prefix = bucket.keys.prefix(directory)
  const names = new Set<string>()
  for await (const { objects, prefixes } of pages(bucket, { Prefix: prefix, Delimiter: '/' }, options)) {
    for (const { Key = '' } of objects) names.add(Key.slice(prefix.length))
    for (const child of prefixes) names.add(child.slice(prefix.length, -1))
  }
  // Directory markers end in a slash, which leaves an empty name; other programs' keys may hold anything.
  return [...names].filter(isPathComponent).map(name => childPath(directory, name))
}

/** Whether any file lies below `directory`. */
export async function isDirectory(bucket: Bucket, directory: string, options: CallOptions): Promise<boolean> {
  for await (const { objects } of pages(bucket, { Prefix: bucket.keys.prefix(directory), MaxKeys: 2 }, options)) {
    if (objects.some(({ Key = '' }) => bucket.keys.path(Key) !== undefined)) return true
  }
  return false
}
