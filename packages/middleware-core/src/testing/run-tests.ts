import type { TestRunner } from './options.ts'

/** How one test went. */
export interface TestResult {
  /** The names of the groups around the test and its own, joined by ` > `. */
  readonly name: string
  readonly passed: boolean
  /** What a failed test threw. */
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
  const tests: { name: string; run: () => Promise<void> }[] = []
  declare({
    describe: (name, define) => {
      groups.push(name)
      define()
      groups.pop()
    },
    it: (name, run) => {
      tests.push({ name: [...groups, name].join(' > '), run })
    },
  })
  const results: TestResult[] = []
  for (const { name, run } of tests) {
    results.push(
      await run().then(
        () => ({ name, passed: true }),
        (error: unknown) => ({ name, passed: false, error }),
      ),
    )
  }
  return results
}
