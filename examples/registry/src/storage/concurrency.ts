import pLimit from 'p-limit'

/** Requests to the storage that one request of a client may have under way. */
const MAX_CONCURRENT = 16

/**
 * Waits for all calls, also when one fails, and gives their results or throws the first error. So nothing that a request
 * began goes on after its answer, when the storage may be shutting down.
 */
export async function settleAll<const Calls extends readonly unknown[]>(
  calls: Calls,
): Promise<{ -readonly [Index in keyof Calls]: Awaited<Calls[Index]> }> {
  await Promise.allSettled(calls)
  return Promise.all(calls)
}

/** Runs a task for each item, a few at a time, and gives the results in the items' order. A failure starts no more. */
export function mapConcurrent<Item, Result>(
  items: readonly Item[],
  task: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const limit = pLimit({ concurrency: MAX_CONCURRENT, rejectOnClear: true })
  const run = async (item: Item): Promise<Result> => {
    try {
      return await task(item)
    } catch (error) {
      limit.clearQueue()
      throw error
    }
  }
  return settleAll(items.map(item => limit(run, item)))
}

/** Does the same as a stream: holds a few results at a time, and starts no more once the caller stops. */
export async function* streamConcurrent<Item, Result>(
  items: readonly Item[],
  task: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  for (let start = 0; start < items.length; start += MAX_CONCURRENT) {
    yield* await mapConcurrent(items.slice(start, start + MAX_CONCURRENT), task)
  }
}

/** Finds the first items, at most `limit`, for which `has` gives false. */
export async function findMissing<Item>(
  items: readonly Item[],
  limit: number,
  has: (item: Item) => Promise<boolean>,
): Promise<Item[]> {
  const missing: Item[] = []
  const checked = streamConcurrent(items, async item => ({ item, isThere: await has(item) }))
  for await (const { item, isThere } of checked) {
    if (!isThere) missing.push(item)
    if (missing.length === limit) break
  }
  return missing
}
