import { messageOf } from '../context/message-of.ts'
import type { Check, Finding, Outcome } from './check.ts'
import { noAnswer, unexpected } from './problems.ts'

/** Checks that go by one prefix. */
export interface CheckGroup {
  /** Prefix of their names: `s3`. */
  readonly name: string
  readonly checks: readonly Check[]
}

export type Status = 'ok' | 'warning' | 'failed' | 'skipped'

/** Result of one check. */
export interface CheckResult {
  /** `s3/bucket`. */
  readonly name: string
  readonly title: string
  readonly status: Status
  /** Observation, or reason for which a check was skipped. */
  readonly evidence: string | undefined
  readonly findings: readonly Finding[]
}

/** Milliseconds that one check may take. */
const CHECK_MS = 15_000

/** State that groups share. */
export interface RunOptions {
  readonly statuses: Map<string, Status>
  /** Checks without whose success others were not tried, by the names of these. */
  readonly causes: Map<string, string>
  readonly isWanted: (name: string) => boolean
  /** Fires when the command is to stop. */
  readonly signal: AbortSignal
  /** Fires when the time for all checks together is up. */
  readonly deadline: AbortSignal
}

/** Statuses of the checks so far, by their full names. */
export type Statuses = ReadonlyMap<string, Status>

/**
 * Runs the checks of a group that `isWanted` names, one after the other, since each stands on those before it. One whose ground
 * has failed, or was skipped, is skipped; one that was not wanted does not stop others.
 */
export async function* runChecks(
  { name: group, checks }: CheckGroup,
  { statuses, causes, isWanted, ...signals }: RunOptions,
): AsyncGenerator<CheckResult> {
  for (const check of checks) {
    const name = `${group}/${check.name}`
    if (!isWanted(name)) continue
    const missing = groundOf(group, check).find(other => /failed|skipped/.test(statuses.get(other) ?? 'ok'))
    const cause = missing === undefined ? undefined : (causes.get(missing) ?? missing)
    if (cause !== undefined) causes.set(name, cause)
    const outcome: Outcome =
      cause === undefined ? await outcomeOf(check, signals) : { skipped: `not tried, because of ${cause}` }
    const { evidence, findings = [], skipped } = outcome
    const status = statusOf(outcome)
    statuses.set(name, status)
    yield { name, title: check.title, status, evidence: skipped ?? evidence, findings }
  }
}

function statusOf({ findings = [], skipped }: Outcome): Status {
  if (skipped !== undefined) return 'skipped'
  if (findings.some(({ problem }) => problem.severity === 'failed')) return 'failed'
  return findings.length > 0 ? 'warning' : 'ok'
}

/** Full names of the checks that one stands on. */
export function groundOf(group: string, { after = [] }: Check): string[] {
  return after.map(name => (name.includes('/') ? name : `${group}/${name}`))
}

async function outcomeOf(
  check: Check,
  { signal, deadline }: Pick<RunOptions, 'signal' | 'deadline'>,
): Promise<Outcome> {
  if (deadline.aborted) return { findings: [{ problem: noAnswer, evidence: 'not tried, as no time was left' }] }
  const limit = AbortSignal.timeout(CHECK_MS)
  try {
    return await check.run(AbortSignal.any([signal, deadline, limit]))
  } catch (error) {
    signal.throwIfAborted()
    const isLate = limit.aborted || deadline.aborted
    const evidence = isLate
      ? `nothing for ${limit.aborted ? `${CHECK_MS / 1000} s` : 'the time that was left'}`
      : messageOf(error)
    return { findings: [{ problem: isLate ? noAnswer : unexpected, evidence }] }
  }
}
