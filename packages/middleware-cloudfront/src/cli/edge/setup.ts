import { isIP } from 'node:net'
import { ConfigError, type ConfigIssue, isConfigError } from '@longshore/middleware-core'
import type { EdgeContext } from '@longshore/middleware-core/cli'
import { readSigningKey } from '../../keys/load-keys.ts'
import { fingerprintOf } from '../../keys/public-key.ts'
import type { CloudFrontSettings } from '../../options.ts'
import { settingsOf } from '../distribution.ts'
import { type Origin, readOrigin } from './origin.ts'

/** Public half of a key. */
export interface EdgeKey {
  /** Name that stays with the key wherever it stands in a list: CloudFront replaces none in place. */
  readonly name: string
  /** PEM with a line end. */
  readonly pem: string
  /** Option for its ID: `middleware.storage[0].options.keypairid`. */
  readonly idOption: string
}

/** Values of a configuration that the templates take. */
export interface EdgeSetup extends Origin {
  readonly name: string
  /** Keys in the order of the configuration, 1 to 5: the first one signs. */
  readonly keys: readonly EdgeKey[]
  /** Begins with a slash and does not end with one; undefined for none. */
  readonly originPath: string | undefined
  readonly enableIpv6: boolean
  readonly domain: { readonly name: string; readonly certificateArn: string } | undefined
  readonly uploadOrigins: readonly string[]
  /** Option of the middleware: `middleware.storage[0].options.baseurl`. */
  readonly baseUrlOption: string
}

/** Adds a mistake to those that one error tells of. */
export type Refuse = (option: string, problem: string) => void

/** Keys that a key group may hold ("Quotas on key groups" of CloudFront). */
const MAX_KEYS = 5

/** Reads what the templates need. Throws one `ConfigError` with all that does not fit them. */
export function readSetup(context: EdgeContext): EdgeSetup {
  const { layer, name = 'longshore', uploadOrigins } = context
  const issues: ConfigIssue[] = []
  const refuse: Refuse = (option, problem) => issues.push({ option: [option], problem })
  const settings = settingsOf(layer)
  if (!/^[A-Za-z][A-Za-z0-9-]{0,39}$/.test(name)) {
    refuse('--name', `found ${name}; accepted: up to 40 letters, digits and hyphens, a letter first`)
  }
  const origin = readOrigin(context.stack, refuse)
  const domain = readDomain(settings, context, refuse)
  const keys = readKeys(settings, layer.where, issues)
  if (issues.length > 0 || !origin) throw new ConfigError(issues)
  return {
    ...origin,
    name,
    keys,
    domain,
    uploadOrigins,
    originPath: settings.originPath === '' ? undefined : `/${settings.originPath}`,
    enableIpv6: !settings.bindClientIp,
    baseUrlOption: `${layer.where}.baseurl`,
  }
}

function readDomain(
  { baseUrl }: CloudFrontSettings,
  { certificate, layer }: EdgeContext,
  refuse: Refuse,
): EdgeSetup['domain'] {
  const { protocol, hostname, port, pathname } = new URL(baseUrl)
  const isName = isIP(hostname.replaceAll(/[[\]]/g, '')) === 0 && hostname.includes('.')
  if (protocol !== 'https:' || port !== '' || pathname !== '/' || !isName) {
    const accepted =
      'https and a name alone, such as https://d111111abcdef8.cloudfront.net until there is a distribution'
    refuse(`${layer.where}.baseurl`, `found ${baseUrl}; accepted for templates: ${accepted}`)
    return undefined
  }
  const isOwn = !hostname.endsWith('.cloudfront.net')
  if (!isOwn) {
    if (certificate !== undefined) {
      refuse('--certificate', `given, but baseurl has the name ${hostname}; accepted: with a name of your own`)
    }
    return undefined
  }
  if (certificate !== undefined && /^arn:aws[\w-]*:acm:us-east-1:\d{12}:certificate\/[\w-]+$/.test(certificate)) {
    return { name: hostname, certificateArn: certificate }
  }
  const found = certificate === undefined ? 'missing' : `found ${certificate}`
  refuse('--certificate', `${found}; accepted: the ARN of a certificate for ${hostname} in ACM's region us-east-1`)
  return undefined
}

function readKeys(settings: CloudFrontSettings, where: string, issues: ConfigIssue[]): EdgeKey[] {
  const { hashAlgorithm, keys } = settings
  const found = (keys ?? [settings]).flatMap(({ keyPairId = '', privateKey = '', passphrase }, index) => {
    const place = keys ? `${where}.keys[${index}]` : where
    try {
      const { publicKey } = readSigningKey({ privateKey, keyPairId, passphrase, hashAlgorithm })
      const name = `key-${fingerprintOf(publicKey).slice(0, 8)}`
      return [
        { name, pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(), idOption: `${place}.keypairid` },
      ]
    } catch (error) {
      if (!isConfigError(error)) throw error
      const located = error.issues.map(({ option, problem }) => [`${place}.${option.join('.').toLowerCase()}`, problem])
      for (const [option = place, problem = ''] of located) issues.push({ option: [option], problem })
      return []
    }
  })
  const distinct = [...new Map(found.map(key => [key.name, key])).values()]
  if (distinct.length > MAX_KEYS) {
    const problem = `found ${distinct.length} keys; accepted: up to ${MAX_KEYS}, which is what a key group holds`
    issues.push({ option: [`${where}.keys`], problem })
  }
  return distinct
}
