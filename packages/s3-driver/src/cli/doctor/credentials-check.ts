import type { Check, Outcome } from '@longshore/middleware-core/cli'
import { messageOf } from '@longshore/middleware-core/cli'
import { errorName } from '../../errors.ts'
import type { Probe } from './probe.ts'
import { problems } from './problems.ts'

/** Milliseconds for the places where the SDK looks for credentials: the last one is a server that is not there outside of EC2. */
const SEARCH_MS = 3000

/** Sources of credentials, by the SDK's marks for them. */
const sources: Readonly<Record<string, string>> = {
  CREDENTIALS_STS_ASSUME_ROLE_WEB_ID: 'the web identity of the pod',
  CREDENTIALS_STS_ASSUME_ROLE: 'an assumed role',
  CREDENTIALS_SSO: 'IAM Identity Center',
  CREDENTIALS_PROCESS: 'credential_process',
  CREDENTIALS_PROFILE: 'the shared credentials file',
  CREDENTIALS_ENV_VARS: 'the environment',
  CREDENTIALS_HTTP: 'the role of the task or pod',
  CREDENTIALS_IMDS: 'the role of the EC2 instance',
}

/** Makes the check that there are credentials. */
export function credentialsCheck(probe: Probe): Check {
  const { options } = probe
  const { client } = probe.bucket
  return {
    name: 'credentials',
    title: 'there are credentials',
    run: async (signal): Promise<Outcome> => {
      // Both searches may be in vain, and a person waits. The check of the connection tells what came of this one.
      probe.greeting(signal).catch(() => {})
      const found = await within(SEARCH_MS, client.config.credentials()).catch((error: unknown) => {
        if (errorName(error) === 'CredentialsProviderError') return { evidence: messageOf(error) }
        throw error
      })
      if (found === undefined) {
        return {
          findings: [{ problem: problems.noCredentials, evidence: `none found in ${SEARCH_MS / 1000} seconds` }],
        }
      }
      if ('evidence' in found) {
        return { findings: [{ problem: problems.noCredentials, evidence: found.evidence }] }
      }
      const { expiration, sessionToken } = found
      const source = sourceOf(found, options.accessKey !== undefined)
      if (expiration && expiration.getTime() <= Date.now()) {
        const evidence = `${source}, ended at ${expiration.toISOString()}`
        return { findings: [{ problem: problems.credentialsExpired, evidence }] }
      }
      if (options.sessionToken !== undefined) {
        return { findings: [{ problem: problems.sessionTokenFixed, evidence: 'sessiontoken is set' }] }
      }
      const end = expiration ? `, until ${expiration.toISOString()}` : ''
      return { evidence: `from ${source}${sessionToken === undefined ? '' : `, temporary${end}`}` }
    },
  }
}

function sourceOf(credentials: object, isConfigured: boolean): string {
  if (isConfigured) return 'the configuration'
  const { $source = {} } = credentials as { $source?: object }
  const mark = Object.keys(sources).find(name => name in $source)
  return (mark === undefined ? undefined : sources[mark]) ?? "the SDK's chain"
}

/** Result of a promise; undefined where it takes longer. */
async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<undefined>(resolve => {
    timer = setTimeout(resolve, milliseconds, undefined)
  })
  try {
    return await Promise.race([promise, limit])
  } finally {
    clearTimeout(timer)
  }
}
