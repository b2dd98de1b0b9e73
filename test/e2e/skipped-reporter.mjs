/** Says at the end of a test run what was skipped, and how to have it: a summary of files alone would hide it. */
export default class SkippedReporter {
  onRunComplete(_contexts, { testResults }) {
    const groups = testResults
      .flatMap(({ testResults: tests }) => tests)
      .filter(({ status }) => status === 'pending')
      .map(({ ancestorTitles: [group], title }) => group ?? title)
    for (const group of new Set(groups)) console.log(`Skipped: ${group}`)
  }
}
