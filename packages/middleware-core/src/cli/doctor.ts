import type { Command } from 'commander'
import { StorageError } from '../contract/errors.ts'
import type { CliContext } from './context/cli-context.ts'
import { readStoragePath } from './context/storage-path.ts'
import { configArgument } from './context/with-stack.ts'
import { ResultLines, describeCounts } from './doctor/describe-result.ts'
import { examine } from './doctor/examine.ts'
import type { CheckResult } from './doctor/run-checks.ts'
import { WantedChecks } from './doctor/wanted-checks.ts'

interface DoctorFlags {
  only?: string[]
  json?: boolean
  strict?: boolean
  scratch: string
}

export function addDoctor(program: Command, context: CliContext): void {
  program
    .command('doctor')
    .description(
      'try out everything from the configuration to a pull at the edge, and say what is wrong and what to do',
    )
    .argument(...configArgument)
    .option(
      '--only <names>',
      'these checks, such as s3 or s3/bucket,cloudfront, and those that they stand on',
      addNames,
    )
    .option('--json', 'as JSON')
    .option('--strict', 'warnings count as failures')
    .option('--scratch <directory>', 'directory of the storage to make one for the checks in', '/docker/registry/v2')
    .addHelpText(
      'after',
      '\nIt takes a minute at most, and changes nothing but a directory of its own, which it removes.',
    )
    .action(async (file: string, { only, json, strict, scratch }: DoctorFlags) => {
      const results: CheckResult[] = []
      const options = { wanted: new WantedChecks(only), scratch: readStoragePath(scratch).path }
      const lines = new ResultLines(context.hasColors === true)
      for await (const result of examine(file, context, options)) {
        results.push(result)
        if (!json) context.out(lines.add(result))
      }
      if (json) context.out(`${JSON.stringify({ checks: results.map(asJson) }, undefined, 2)}\n`)
      else context.out(lines.end() + describeCounts(results))
      const failed = results.filter(({ status }) => status === 'failed' || (strict && status === 'warning'))
      if (failed.length > 0)
        throw new StorageError('CONFIG', `not all is well: ${failed.map(({ name }) => name).join(', ')}`)
    })
}

function addNames(given: string, others: string[] = []): string[] {
  return [...others, ...given.split(',').map(name => name.trim())]
}

function asJson({ findings, ...result }: CheckResult): object {
  return {
    ...result,
    findings: findings.map(({ problem, evidence, remedy = problem.remedy }) => {
      const { name, severity, cause } = problem
      return { problem: name, severity, cause, evidence, remedy }
    }),
  }
}
