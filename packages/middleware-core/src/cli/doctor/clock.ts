import type { Outcome, Problem } from './check.ts'

/** Seconds of difference from which on it is told. */
const DRIFT_SECONDS = 60

/**
 * Seconds by which this machine's clock is ahead of the server that has just answered a request sent at `sentAt`, in milliseconds;
 * undefined where the answer has no Date. `date` and `age` are headers of the answer.
 */
export function skewOf(
  sentAt: number,
  { date, age }: { date?: string | undefined; age?: string | undefined },
): number | undefined {
  const here = (sentAt + Date.now()) / 2
  // A cache has kept the Date of its answer, and tells for how long.
  const there = Date.parse(date ?? '') + Number(age ?? 0) * 1000
  // A Date has whole seconds: half of one is the mean of what it leaves out.
  return Number.isNaN(there) ? undefined : Math.round((here - there - 500) / 1000)
}

/** Outcome of a check of the clock. From `maxSeconds` on nothing works any more. */
export function skewOutcome(
  skewSeconds: number | undefined,
  { maxSeconds, clock, clockDrift }: { maxSeconds: number; clock: Problem; clockDrift: Problem },
): Outcome {
  if (skewSeconds === undefined) return { skipped: 'the answer has no Date' }
  const seconds = Math.abs(skewSeconds)
  const evidence = `${seconds} s ${skewSeconds < 0 ? 'behind' : 'ahead'}`
  if (seconds >= maxSeconds) return { findings: [{ problem: clock, evidence }] }
  return seconds >= DRIFT_SECONDS ? { findings: [{ problem: clockDrift, evidence }] } : { evidence }
}
