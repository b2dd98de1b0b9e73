import { allOf } from './all-of.ts'

/** How many requests to the storage one request of a client may have under way. */
const together = 16

/** Runs a task for each item, a few at a time. The results are in the items' order. */
export async function inBatches<Item, Result>(
  items: readonly Item[],
  task: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for await (const result of resultsInBatches(items, task)) results.push(result)
  return results
}

/** The same, but whoever has enough of the results can stop, and no more than a few are held at once. */
export async function* resultsInBatches<Item, Result>(
  items: readonly Item[],
  task: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  for (let start = 0; start < items.length; start += together) {
    yield* await allOf(items.slice(start, start + together).map(task))
  }
}

/** The first items, at most `limit`, for which `has` gives false. */
export async function firstWithout<Item>(
  items: readonly Item[],
  limit: number,
  has: (item: Item) => Promise<boolean>,
): Promise<Item[]> {
  const missing: Item[] = []
  for (let start = 0; start < items.length && missing.length < limit; start += together) {
    const batch = items.slice(start, start + together)
    const there = await allOf(batch.map(has))
    missing.push(...batch.filter((_, index) => !there[index]))
  }
  return missing.slice(0, limit)
}
