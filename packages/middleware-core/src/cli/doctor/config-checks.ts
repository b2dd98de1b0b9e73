import type { Config } from '../../config/config.ts'
import { type Stack, buildStack, resolveStack } from '../../config/create-storage.ts'
import { IssueCollector } from '../../config/issue-collector.ts'
import type { StorageDriver } from '../../contract/storage-driver.ts'
import type { CliContext } from '../context/cli-context.ts'
import { readConfig } from '../context/service.ts'
import { layersOf } from '../context/find-layer.ts'
import type { Check, Finding, Problem } from './check.ts'
import { oddConfiguration, wrongConfiguration } from './problems.ts'

/** Configuration and what could be put together from it. */
export interface ReadConfiguration {
  config?: Config
  stack?: Stack
  /** Driver within all middlewares. */
  storage?: StorageDriver
}

/** Makes the check of the configuration file, which leaves what it has read in `read`. */
export function configChecks(file: string, context: CliContext, read: ReadConfiguration): Check[] {
  const valid: Check = {
    name: 'valid',
    title: 'the configuration is what the program that runs it accepts',
    async run() {
      const issues = new IssueCollector()
      const found = await issues.attempt(() => readConfig(file, context))
      if (!found) return { findings: findingsOf(wrongConfiguration, linesOf(issues)) }
      const { config, checkSections } = found
      read.config = config
      const stack = await issues.attempt(() => resolveStack(config, { load: context.load }))
      if (stack) {
        read.stack = stack
        const storage = await issues.attempt(() => buildStack(stack))
        if (storage) read.storage = storage
      }
      const service = await issues.attempt(checkSections)
      const findings = [
        ...findingsOf(wrongConfiguration, linesOf(issues)),
        ...findingsOf(
          oddConfiguration,
          config.warnings.map(warning => warning.replace(/[\r\n]+/g, ' ')),
        ),
      ]
      return {
        findings,
        evidence: [
          stack &&
            layersOf(stack)
              .map(({ name }) => name)
              .join(' -> '),
          service,
        ]
          .filter(Boolean)
          .join('; '),
      }
    },
  }
  return [valid]
}

/** Mistakes in a line each. The service meets those of the storage as well. */
function linesOf(issues: IssueCollector): Set<string> {
  return new Set(issues.isEmpty ? [] : issues.error().message.split('\n'))
}

function findingsOf(problem: Problem, messages: Iterable<string>): Finding[] {
  return [...messages].map(evidence => ({ problem, evidence }))
}
