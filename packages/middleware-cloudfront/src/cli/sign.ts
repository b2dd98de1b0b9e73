import { type CliContext, type Command, configArgument } from '@longshore/middleware-core/cli'
import { withDistribution } from './distribution.ts'
import { type RestrictionFlags, addRestrictions, restrictionsOf } from './restrictions.ts'

interface SignFlags extends RestrictionFlags {
  resource?: string
  json?: boolean
}

export function addSign(group: Command, context: CliContext): void {
  addRestrictions(group.command('sign'))
    .description('print a signed URL of a file')
    .argument(...configArgument)
    .argument('<path>', 'a path of the storage, or a URL of the distribution')
    .option('--resource <pattern>', 'what the signature opens, such as /docs/*. Default: this file alone')
    .option('--json', 'as JSON')
    .action((file: string, path: string, { resource, json, ...flags }: SignFlags) =>
      withDistribution(file, context, async ({ signer, settings, urlOf }) => {
        const restrictions = restrictionsOf(flags, settings.duration)
        const opened = resource === undefined ? {} : { resource: urlOf(resource) }
        const signed = await signer.signUrl(urlOf(path), { ...restrictions, ...opened })
        if (json) context.out(`${JSON.stringify(signed)}\n`)
        else {
          context.out(`${signed.url}\n`)
          context.error(`expires ${signed.expiresAt.toISOString()}\n`)
        }
      }),
    )
}
