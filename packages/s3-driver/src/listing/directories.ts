import { type CallOptions, compareBytes } from '@longshore/middleware-core'
import type { Bucket } from '../bucket.ts'
import { firstPage } from './pages.ts'
import { forEachConcurrent } from '../pending-requests.ts'

/** Requests under way at once. */
const MAX_CONCURRENT_REQUESTS = 32

/** Keys to probe for on account of each candidate: a page for many small ones, but not for a few that may be large. */
const KEYS_PER_CANDIDATE = 8

/** A common prefix of keys, ending in a slash: a directory, if there is a file among those keys. */
export interface PossibleDirectory {
  readonly prefix: string
  /** Key up to which all are known, and none is a file's. At first the prefix itself. */
  readonly after: string
}

/**
 * Finds the prefixes of those candidates, all of them right below `top` and in the order of keys, that hold a file.
 *
 * A page of a flat listing decides all candidates that it covers: many that hold little, or one that holds much. How it is
 * cannot be known before, so the requests double with every round while pages decide few, and are no more than the last
 * round's pages would need. Children of a few objects cost a request for every 1,000 objects, and no candidate more than
 * one, unless it begins with many foreign keys.
 */
export async function resolveDirectories(
  bucket: Bucket,
  top: string,
  candidates: readonly PossibleDirectory[],
  options: CallOptions,
): Promise<string[]> {
  const found: string[] = []
  let open = candidates
  let requests = 1
  while (open.length > 0) {
    const runs = split(open, Math.min(requests, MAX_CONCURRENT_REQUESTS))
    const left = new Map<PossibleDirectory[], PossibleDirectory[]>()
    await forEachConcurrent(MAX_CONCURRENT_REQUESTS, runs, async run => {
      const answer = await probe(bucket, top, run, options)
      found.push(...answer.found)
      left.set(run, answer.open)
    })
    const undecided = runs.flatMap(run => left.get(run) ?? [])
    const decidedEach = Math.max(1, (open.length - undecided.length) / runs.length)
    requests = Math.min(2 * runs.length, Math.ceil(undecided.length / decidedEach))
    open = undecided
  }
  return found
}

/** Asks for one page, and tells which of the candidates it shows to be directories, and which it leaves open. */
async function probe(
  bucket: Bucket,
  top: string,
  candidates: readonly PossibleDirectory[],
  options: CallOptions,
): Promise<{ found: string[]; open: PossibleDirectory[] }> {
  const [first] = candidates as [PossibleDirectory]
  // One that began with nothing but foreign keys may hold any number of them.
  const MaxKeys = first.after === first.prefix ? Math.min(1000, KEYS_PER_CANDIDATE * candidates.length) : 1000
  const query = { Prefix: top, StartAfter: first.after, MaxKeys }
  const { objects, isLast } = await firstPage(bucket, query, options)
  const keys = objects.map(({ Key = '' }) => Key)
  const files = keys.filter(key => bucket.keys.path(key) !== undefined)
  const holders = new Set(files.map(key => key.slice(0, key.indexOf('/', top.length) + 1)))
  const last = keys.at(-1)
  const found = candidates.map(({ prefix }) => prefix).filter(prefix => holders.has(prefix))
  if (isLast || last === undefined) return { found, open: [] }
  const open = candidates
    .filter(({ prefix }) => !holders.has(prefix) && (last.startsWith(prefix) || compareBytes(prefix, last) > 0))
    .map(({ prefix, after }) => ({ prefix, after: last.startsWith(prefix) ? last : after }))
  return { found, open }
}

/** Up to `count` runs of nearly equal length. */
function split<T>(items: readonly T[], count: number): T[][] {
  const length = Math.ceil(items.length / count)
  return Array.from({ length: Math.ceil(items.length / length) }, (_, index) =>
    items.slice(index * length, (index + 1) * length),
  )
}
