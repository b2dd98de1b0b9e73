/** Draws numbers from 0 up to `count`, the n-th of which comes 1/n times as often as the first. */
export function zipf(count: number): () => number {
  const sums = new Float64Array(count)
  let sum = 0
  for (let index = 0; index < count; index++) sums[index] = sum += 1 / (index + 1)
  return () => {
    const drawn = Math.random() * sum
    let [low, high] = [0, count - 1]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((sums[middle] as number) < drawn) low = middle + 1
      else high = middle
    }
    return low
  }
}
