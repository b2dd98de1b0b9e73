import type { Config } from '../../config/config.ts'
import { type Stack, buildStack, resolveStack } from '../../config/create-storage.ts'
import { isConfigError } from '../../options/config-error.ts'
import type { StorageDriver } from '../../contract/storage-driver.ts'
import type { CliContext } from '../context/cli-context.ts'
import { readConfig } from '../context/service.ts'
import { messageOf } from '../context/message-of.ts'
import type { Check, Finding, Problem } from './check.ts'
import { oddConfiguration, wrongConfiguration } from './problems.ts'

/** Configuration and what could be put together from it. */
export interface ReadConfiguration {
  config?: Config
  stack?: Stack
  /** Whole stack. */
  storage?: StorageDriver
}

/** Makes the check of the configuration file, which leaves what it has read in `read`. */
export function configChecks(file: string, context: CliContext, read: ReadConfiguration): Check[] {
  const valid: Check = {
    name: 'valid',
    title: 'the configuration is what the program that runs it accepts',
    async run() {
      const mistakes = new Set<string>()
      const attempt = async <T>(step: () => Promise<T>): Promise<T | undefined> => {
        try {
          return await step()
        } catch (error) {
          if (!isConfigError(error)) throw error
          for (const line of messageOf(error).split('\n')) mistakes.add(line)
          return undefined
        }
      }
      const found = await attempt(() => readConfig(file, context))
      if (!found) return { findings: findingsOf(wrongConfiguration, mistakes) }
      const { config, checkSections } = found
      read.config = config
      const stack = await attempt(() => resolveStack(config, { load: context.load }))
      if (stack) {
        read.stack = stack
        const storage = await attempt(() => buildStack(stack))
        if (storage) read.storage = storage
      }
      const service = await attempt(checkSections)
      const findings = [
        ...findingsOf(wrongConfiguration, mistakes),
        ...findingsOf(
          oddConfiguration,
          config.warnings.map(warning => warning.replace(/[\r\n]+/g, ' ')),
        ),
      ]
      return { findings, evidence: [stack && namesOf(stack), service].filter(Boolean).join('; ') }
    },
  }
  return [valid]
}

function namesOf({ driver, middlewares }: Stack): string {
  return [...middlewares.toReversed(), driver].map(({ name }) => name).join(' -> ')
}

function findingsOf(problem: Problem, messages: Iterable<string>): Finding[] {
  return [...messages].map(evidence => ({ problem, evidence }))
}
