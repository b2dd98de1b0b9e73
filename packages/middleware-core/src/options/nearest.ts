import { closest, distance } from 'fastest-levenshtein'

/** The known name that `found` was probably meant to be, or undefined when none is near. */
export function nearest(found: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined
  const guess = closest(found, names)
  return distance(found, guess) <= Math.max(1, Math.floor(found.length / 3)) ? guess : undefined
}
