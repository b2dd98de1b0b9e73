/** What the rounds of one side came to. */
export interface Summary {
  readonly median: number
  /** First and third quartile: half of the rounds lie between them. */
  readonly quartiles: readonly [number, number]
  readonly rounds: number
}

/** The median of the rounds and their spread. Throws when there are none. */
export function summarize(values: readonly number[]): Summary {
  if (values.length === 0) throw new Error('nothing was measured')
  const sorted = values.toSorted((a, b) => a - b)
  return {
    median: quantile(sorted, 0.5),
    quartiles: [quantile(sorted, 0.25), quantile(sorted, 0.75)],
    rounds: sorted.length,
  }
}

/** The value below which this part of the sorted values lies; between two of them, in proportion. */
function quantile(sorted: readonly number[], part: number): number {
  const position = (sorted.length - 1) * part
  const below = Math.floor(position)
  const [low, high] = [sorted[below] as number, sorted[Math.ceil(position)] as number]
  return low + (high - low) * (position - below)
}
