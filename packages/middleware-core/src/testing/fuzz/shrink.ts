/**
 * The shortest part of a failing sequence that this finds to fail as well: it leaves out longer runs of operations first,
 * then shorter ones, down to single ones.
 */
export async function shrink<T>(sequence: readonly T[], fails: (part: T[]) => Promise<boolean>): Promise<T[]> {
  let remaining = [...sequence]
  for (let run = Math.ceil(remaining.length / 2); run >= 1; run = run === 1 ? 0 : Math.ceil(run / 2)) {
    for (let start = 0; start < remaining.length;) {
      const part = remaining.toSpliced(start, run)
      if (await fails(part)) remaining = part
      else start += run
    }
  }
  return remaining
}
