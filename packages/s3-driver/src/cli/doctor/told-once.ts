import type { Check, Finding, Outcome } from '@longshore/middleware-core/cli'

/** Finding of a check, thrown from within it. */
export class Found extends Error {
  override readonly name = 'Found'
  readonly finding: Finding

  constructor(finding: Finding) {
    super(finding.evidence)
    this.finding = finding
  }
}

/** Turns checks into ones of which each problem is told by the first that meets it; others are skipped because of that. */
export function toldOnce(checks: readonly Check[]): Check[] {
  const toldBy = new Map<string, string>()
  return checks.map(check => ({
    ...check,
    run: async signal => {
      const outcome = await outcomeOf(check, signal)
      const { findings = [] } = outcome
      const known = findings.map(({ problem }) => toldBy.get(problem.name)).find(name => name !== undefined)
      const unknown = findings.filter(({ problem }) => !toldBy.has(problem.name))
      if (known !== undefined && unknown.length === 0) return { skipped: `fails as well, because of ${known}` }
      for (const { problem } of unknown) toldBy.set(problem.name, check.name)
      return { ...outcome, findings: unknown }
    },
  }))
}

async function outcomeOf(check: Check, signal: AbortSignal): Promise<Outcome> {
  try {
    return await check.run(signal)
  } catch (error) {
    if (error instanceof Found) return { findings: [error.finding] }
    throw error
  }
}
