import type { TestRunner } from './options.ts'

/** Outcome of one test. */
export interface TestResult {
  /** Names of the groups around the test and its own, joined by ` > `. */
  readonly name: string
  readonly status: 'passed' | 'failed' | 'skipped'
  /** Error of a failed test. */
  readonly error?: unknown
}

/**
 * Runs tests without a test runner, one after another: to check a storage from a program.
 *
 * ```ts
 * const results = await runTests(runner => testDriver(runner, { name: 'mine', create }))
 * ```
 */
export async function runTests(declare: (runner: TestRunner) => void): Promise<TestResult[]> {
  const groups: string[] = []
  const tests: { name: string; run: (() => Promise<void>) | undefined }[] = []
  const add = (name: string, run?: () => Promise<void>): void => {
    tests.push({ name: [...groups, name].join(' > '), run })
  }
  declare({
    describe: (name, define) => {
      groups.push(name)
      define()
      groups.pop()
    },
    it: Object.assign(add, { skip: (name: string) => add(name) }),
  })
  const results: TestResult[] = []
  for (const { name, run } of tests) {
    if (!run) {
      results.push({ name, status: 'skipped' })
      continue
    }
    try {
      await run()
      results.push({ name, status: 'passed' })
    } catch (error) {
      results.push({ name, status: 'failed', error })
    }
  }
  return results
}
