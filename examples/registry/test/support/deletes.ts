import { freshStatus } from './fresh-request.ts'
import { content, digestOf, newManifest, pushBlob, putManifest } from './client.ts'

/** Things deleted at the same time. */
const TOGETHER = 8

/** Pushes blobs, manifests and tags in turns, and gives the paths at which each can be read and deleted. */
export async function pushDeletable(registry: { url: string }, count: number): Promise<string[]> {
  const push = async (index: number): Promise<string> => {
    if (index % 3 === 0) return `/v2/library/hello/blobs/${await pushBlob(registry, content(100))}`
    const manifest = await newManifest(registry)
    const tag = `tag-${index}`
    const response = await putManifest(registry, tag, manifest)
    if (response.status !== 201) throw new Error(`no manifest: ${response.status}`)
    return `/v2/library/hello/manifests/${index % 3 === 1 ? digestOf(manifest) : tag}`
  }
  return inTurns(count, push)
}

/**
 * Reads each thing until every process may have cached it, deletes it, and reads it again right after. Gives what was served
 * all the same. `origins` are the nodes, which take turns: each request is on a connection of its own.
 */
export async function staleAfterDelete(
  origins: readonly string[],
  paths: readonly string[],
  readsOfEach: number,
): Promise<string[]> {
  const reads = origins.flatMap(origin => Array.from({ length: readsOfEach }, () => origin))
  const stale = await inTurns(paths.length, async index => {
    const path = paths[index] ?? ''
    for (const [turn, origin] of reads.entries()) {
      const status = await freshStatus(`${origin}${path}`, turn % 2 ? 'GET' : 'HEAD')
      if (status !== 200 && status !== 307) throw new Error(`${path}: ${status} before it was deleted`)
    }
    const deleted = await freshStatus(`${origins[index % origins.length]}${path}`, 'DELETE')
    if (deleted !== 202) throw new Error(`${path}: ${deleted} when it was deleted`)
    const statuses = await Promise.all(
      reads.map((origin, turn) => freshStatus(`${origin}${path}`, turn % 2 ? 'GET' : 'HEAD')),
    )
    return statuses.filter(status => status !== 404).map(status => `${path}: ${status}`)
  })
  return stale.flat()
}

/** Runs a task for each number from 0 to `count`, some at a time. */
async function inTurns<Result>(count: number, task: (index: number) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  let next = 0
  const run = async (): Promise<void> => {
    while (next < count) {
      const index = next++
      results[index] = await task(index)
    }
  }
  await Promise.all(Array.from({ length: TOGETHER }, run))
  return results
}
