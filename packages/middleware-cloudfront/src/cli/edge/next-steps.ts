import type { EdgeContext } from '@longshore/middleware-core/cli'
import { quote } from '../aws-commands.ts'
import type { FormatFiles } from './format.ts'
import type { EdgeSetup } from './setup.ts'

/** Tells how the files are applied, where their outputs go, and what only their user can do. */
export function nextSteps(setup: EdgeSetup, { commands, outputs }: FormatFiles, context: EdgeContext): string[] {
  const { bucket, region, domain, keys, kmsKeyArn, accelerate } = setup
  const values = [
    ...(domain ? [] : [[setup.baseUrlOption, outputs.baseUrl] as const]),
    ...keys.map(key => [key.idOption, outputs.keyId(key)] as const),
  ]
  const width = Math.max(...values.map(([option]) => option.length))
  return [
    `These make all of it, the bucket ${bucket} in ${region} included:`,
    ...indented([`cd ${quote(context.directory)}`, ...commands]),
    '',
    `Options of ${context.config.file}, and the outputs that go there:`,
    ...indented(values.map(([option, output]) => `${option.padEnd(width)}  ${output}`)),
    ...(domain ? ['', `A CNAME or alias record for ${domain.name}: the output ${outputs.domainName}.`] : []),
    ...(kmsKeyArn === undefined ? [] : ['', ...keyPolicy(kmsKeyArn, outputs.distributionArn)]),
    ...(accelerate
      ? [
          '',
          'Transfer Acceleration, which the templates leave alone:',
          ...indented([
            `aws s3api put-bucket-accelerate-configuration --bucket ${bucket} --accelerate-configuration Status=Enabled`,
          ]),
        ]
      : []),
    '',
    'Then try all of it out:',
    ...indented([`longshore doctor ${quote(context.config.file)}`]),
  ]
}

/** The key is not made by the templates, so its policy is not theirs either. */
function keyPolicy(kmsKeyArn: string, distributionArn: string): string[] {
  const statement = {
    Effect: 'Allow',
    Principal: { Service: 'cloudfront.amazonaws.com' },
    Action: 'kms:Decrypt',
    Resource: '*',
    Condition: { StringEquals: { 'AWS:SourceArn': distributionArn } },
  }
  return [
    `Statement for the policy of the key ${kmsKeyArn}, with the output ${distributionArn}:`,
    ...indented(JSON.stringify(statement, undefined, 2).split('\n')),
  ]
}

function indented(lines: readonly string[]): string[] {
  return lines.map(line => `  ${line}`)
}
