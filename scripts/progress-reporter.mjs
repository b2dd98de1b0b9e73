/** Files between two lines that say how far a run is. */
const STEP = 20

/** Says how far a run of tests is, and at its end what was skipped and how to have it: a summary of files alone would hide it. */
export default class ProgressReporter {
  #done = 0

  onTestResult(_test, _result, { numTotalTestSuites: total }) {
    this.#done += 1
    if (this.#done % STEP === 0 && this.#done < total) console.log(`${this.#done} of ${total} files of tests`)
  }

  onRunComplete(_contexts, { testResults }) {
    const groups = testResults
      .flatMap(({ testResults: tests }) => tests)
      .filter(({ status }) => status === 'pending')
      .map(({ ancestorTitles: [group], title }) => group ?? title)
    for (const group of new Set(groups)) console.log(`Skipped, in part or whole: ${group}`)
  }
}
