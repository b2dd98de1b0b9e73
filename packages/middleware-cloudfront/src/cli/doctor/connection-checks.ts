import { lookup } from 'node:dns/promises'
import { type Check, type Finding, type Problem, skewOf, skewOutcome } from '@longshore/middleware-core/cli'
import type { CloudFrontSettings } from '../../options.ts'
import { ConnectionError, type EdgeAnswer, ask, describeAnswer } from './edge-answer.ts'
import { problems } from './problems.ts'

/** Finds the addresses of a host, as `dns.lookup` with `all`. */
export type FindAddresses = (hostname: string) => Promise<readonly { address: string; family: number }[]>

/** Makes the checks of the way to the edge, which need no signature. */
export function connectionChecks(
  settings: CloudFrontSettings,
  findAddresses: FindAddresses = hostname => lookup(hostname, { all: true }),
): Check[] {
  const { baseUrl, bindClientIp, duration } = settings
  const { hostname, protocol } = new URL(baseUrl)
  let asked: Promise<{ answer: EdgeAnswer; skewSeconds: number | undefined }> | undefined
  const answer = (signal: AbortSignal): typeof asked & {} => (asked ??= askForTime(baseUrl, signal))
  return [
    {
      name: 'connection',
      title: 'the edge answers',
      run: async signal => {
        try {
          const { answer: seen } = await answer(signal)
          return { evidence: `${new URL(baseUrl).host}, ${seen.headers.get('x-amz-cf-pop') ?? seen.source}` }
        } catch (error) {
          if (!(error instanceof ConnectionError)) throw error
          return { findings: [{ problem: connectionProblem(error.code), evidence: error.message }] }
        }
      },
    },
    {
      name: 'clock',
      title: 'the clock agrees with the edge',
      after: ['connection'],
      run: async signal => {
        const { skewSeconds } = await answer(signal)
        return skewOutcome(skewSeconds, { maxSeconds: duration / 1000, ...problems })
      },
    },
    {
      name: 'https',
      title: 'the edge serves nothing without TLS',
      after: ['connection'],
      run: async signal => {
        if (protocol === 'https:') return tryHttp(baseUrl, signal)
        if (isLoopback(hostname)) return { evidence: 'http:// on this machine' }
        return { findings: [{ problem: problems.plainHttp, evidence: baseUrl }] }
      },
    },
    ...(bindClientIp ? [ipv6Check(hostname, findAddresses)] : []),
  ]
}

async function askForTime(
  baseUrl: string,
  signal: AbortSignal,
): Promise<{ answer: EdgeAnswer; skewSeconds: number | undefined }> {
  const sentAt = Date.now()
  const answer = await ask(baseUrl, { method: 'HEAD', signal })
  return { answer, skewSeconds: skewOf(sentAt, Object.fromEntries(answer.headers)) }
}

const unknownHosts = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ENODATA'])

function connectionProblem(code: string): Problem {
  if (unknownHosts.has(code)) return problems.unknownHost
  return /CERT|SSL|TLS|UNABLE_TO|SELF_SIGNED|ALTNAME/i.test(code) ? problems.certificate : problems.unreachable
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
}

/** CloudFront redirects http:// to https://, or refuses it, unless it is allowed. */
async function tryHttp(baseUrl: string, signal: AbortSignal): Promise<{ findings?: Finding[]; evidence?: string }> {
  const url = baseUrl.replace(/^https:/, 'http:')
  try {
    const answer = await ask(url, { signal })
    const isRedirect = answer.status >= 300 && answer.status < 400
    // The refusal is a page. One in XML is of what comes after that: the signature, or S3.
    const isRefused = answer.status === 400 || (answer.status === 403 && answer.code === undefined)
    if (isRedirect || isRefused) return { evidence: `http:// is ${isRedirect ? 'redirected' : 'refused'}` }
    return { findings: [{ problem: problems.httpAllowed, evidence: `http:// ${describeAnswer(answer)}` }] }
  } catch (error) {
    if (error instanceof ConnectionError) return { evidence: 'nothing answers without TLS' }
    throw error
  }
}

function ipv6Check(hostname: string, findAddresses: FindAddresses): Check {
  return {
    name: 'ipv6',
    title: 'clients have IPv4 addresses, to which URLs can be bound',
    after: ['connection'],
    run: async () => {
      const addresses = await findAddresses(hostname.replaceAll(/[[\]]/g, ''))
      const found = addresses.find(({ family }) => family === 6)
      if (!found) return {}
      return { findings: [{ problem: problems.ipv6Bound, evidence: `${hostname} has the address ${found.address}` }] }
    },
  }
}
