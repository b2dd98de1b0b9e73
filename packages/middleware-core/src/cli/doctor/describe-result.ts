import { styleText } from 'node:util'
import type { Finding } from './check.ts'
import type { CheckResult, Status } from './run-checks.ts'

const colors = { ok: 'green', warning: 'yellow', failed: 'red', skipped: 'gray' } as const

/** Result in one line, and under it what was found: cause, evidence and remedy. */
export function describeResult(result: CheckResult, hasColors: boolean): string {
  const { name, status, title, evidence } = result
  const word = status.padEnd(9)
  const shown = hasColors ? styleText(colors[status], word) : word
  const text = status === 'skipped' ? evidence : [title, status === 'ok' && evidence].filter(Boolean).join(': ')
  const line = `${shown}${name.padEnd(26)} ${text}\n`
  return line + describeFindings(result.findings)
}

/** Findings of one problem stand together. */
function describeFindings(findings: readonly Finding[]): string {
  const groups = new Map<string, Finding[]>()
  for (const finding of findings) {
    const key = finding.problem.name + (finding.remedy ?? '')
    groups.set(key, [...(groups.get(key) ?? []), finding])
  }
  return [...groups.values()].map(describeGroup).join('')
}

function describeGroup(findings: readonly Finding[]): string {
  const [first] = findings
  if (!first) return ''
  const { problem, remedy = problem.remedy } = first
  return (
    row('cause', problem.cause) +
    findings.map(({ evidence }) => row('evidence', evidence)).join('') +
    row('remedy', remedy)
  )
}

/** Lines after the first stand under its text. */
function row(label: string, text: string): string {
  return `${''.padEnd(9)}${label.padEnd(10)}${text.replaceAll('\n', `\n${''.padEnd(19)}`)}\n`
}

/** `12 ok, 1 warning, 1 failed, 2 skipped`. */
export function describeCounts(results: readonly CheckResult[]): string {
  const count = (status: Status): number => results.filter(result => result.status === status).length
  const words: readonly Status[] = ['ok', 'warning', 'failed', 'skipped']
  const parts = words.filter(status => status === 'ok' || count(status) > 0).map(status => `${count(status)} ${status}`)
  return `${parts.join(', ')}\n`
}
