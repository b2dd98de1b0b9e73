import { type CliContext, type Command, configArgument } from '@longshore/middleware-core/cli'
import { setCookieHeaders } from '../signing/cookies.ts'
import { withDistribution } from './distribution.ts'
import { type RestrictionFlags, addRestrictions, restrictionsOf } from './restrictions.ts'

interface CookieFlags extends RestrictionFlags {
  domain?: string
  header?: boolean
  json?: boolean
}

export function addCookies(group: Command, context: CliContext): void {
  addRestrictions(group.command('cookies'))
    .description('print signed cookies for a file, or for a pattern such as /docs/*')
    .argument(...configArgument)
    .argument('<pattern>', 'a path of the storage, in which * stands for any characters, or a URL')
    .option('--domain <name>', 'domain that the service and the distribution share')
    .option('--header', 'one Cookie header, as a client sends it: curl -H "$(longshore cloudfront cookies ...)"')
    .option('--json', 'as JSON')
    .action((file: string, pattern: string, { domain, header, json, ...flags }: CookieFlags) =>
      withDistribution(file, context, async ({ signer, settings, urlOf }) => {
        const signed = await signer.signCookies(urlOf(pattern), restrictionsOf(flags, settings.duration))
        if (json) context.out(`${JSON.stringify(signed)}\n`)
        else if (header) context.out(`Cookie: ${cookieHeader(signed.cookies)}\n`)
        else for (const line of setCookieHeaders(signed, { domain })) context.out(`Set-Cookie: ${line}\n`)
        if (!json) context.error(`expires ${signed.expiresAt.toISOString()}\n`)
      }),
    )
}

function cookieHeader(cookies: Readonly<Record<string, string>>): string {
  return Object.entries(cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join('; ')
}
