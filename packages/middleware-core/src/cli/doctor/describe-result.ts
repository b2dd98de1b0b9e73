import { styleText } from 'node:util'
import type { Finding } from './check.ts'
import type { CheckResult, Status } from './run-checks.ts'

const colors = { ok: 'green', warning: 'yellow', failed: 'red', skipped: 'gray' } as const

/** Result in one line, and under it what was found: cause, evidence and remedy. */
function describeResult(result: CheckResult, hasColors: boolean): string {
  const { name, status, title, evidence } = result
  const word = status.padEnd(9)
  const shown = hasColors ? styleText(colors[status], word) : word
  const text = status === 'skipped' ? evidence : [title, status === 'ok' && evidence].filter(Boolean).join(': ')
  const line = `${shown}${name.padEnd(26)} ${printable(text ?? '').replaceAll('\n', ' ')}\n`
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
  return `${''.padEnd(9)}${label.padEnd(10)}${printable(text).replaceAll('\n', `\n${''.padEnd(19)}`)}\n`
}

/** Text without control characters, which a server may have put into its message. */
function printable(text: string): string {
  return text.replaceAll(/(?!\n)\p{Cc}/gu, '?')
}

/** Results as lines, in which checks that were skipped one after the other for one reason are one. */
export class ResultLines {
  readonly #hasColors: boolean
  #skipped: CheckResult[] = []

  constructor(hasColors: boolean) {
    this.#hasColors = hasColors
  }

  /** Lines that can be printed with this result. */
  add(result: CheckResult): string {
    if (result.status === 'skipped' && result.evidence === (this.#skipped[0] ?? result).evidence) {
      this.#skipped.push(result)
      return ''
    }
    const before = this.end()
    if (result.status !== 'skipped') return before + describeResult(result, this.#hasColors)
    this.#skipped = [result]
    return before
  }

  /** Lines that are left. */
  end(): string {
    const [first, ...others] = this.#skipped.splice(0)
    if (!first) return ''
    const name = others.length === 0 ? first.name : `${first.name} and ${others.length} more`
    return describeResult({ ...first, name }, this.#hasColors)
  }
}

/** `12 ok, 1 warning, 1 failed, 2 skipped`. */
export function describeCounts(results: readonly CheckResult[]): string {
  const count = (status: Status): number => results.filter(result => result.status === status).length
  const words: readonly Status[] = ['ok', 'warning', 'failed', 'skipped']
  const parts = words.filter(status => status === 'ok' || count(status) > 0).map(status => `${count(status)} ${status}`)
  return `${parts.join(', ')}\n`
}
