import { lookup } from 'node:dns/promises'
import { type Check, type Outcome, type Problem, skewOutcome } from '@longshore/middleware-core/cli'
import { serverOf } from '../../server.ts'
import { codeOf, sendRequest } from './http-request.ts'
import type { Probe } from './probe.ts'
import { problems } from './problems.ts'

/** Seconds of difference from which on S3 refuses signatures. */
const SKEW_SECONDS = 15 * 60

/** Finds an address of a host, or rejects. */
export type FindAddress = (hostname: string) => Promise<unknown>

/** Makes the checks of the way to the server, which need no credentials. */
export function connectionChecks(probe: Probe, findAddress: FindAddress = lookup): Check[] {
  return [
    { name: 'connection', title: 'the server answers', run: signal => checkConnection(probe, findAddress, signal) },
    {
      name: 'clock',
      title: 'the clock agrees with S3',
      after: ['connection'],
      run: async signal => {
        const { skewSeconds } = await probe.greeting(signal)
        return skewOutcome(skewSeconds, { maxSeconds: SKEW_SECONDS, ...problems })
      },
    },
    {
      name: 'https',
      title: 'nothing goes in the clear',
      after: ['connection'],
      run: signal => checkTls(probe, signal),
    },
  ]
}

async function checkConnection(probe: Probe, findAddress: FindAddress, signal: AbortSignal): Promise<Outcome> {
  const url = await probe.address()
  const { host } = new URL(url)
  try {
    const { answer } = await probe.greeting(signal)
    if (answer.status === 400 && (await isHttps(url, signal))) {
      return { findings: [{ problem: problems.httpsWanted, evidence: `${host}: 400 over HTTP` }] }
    }
    return { evidence: [host, answer.headers.server].filter(Boolean).join(', ') }
  } catch (error) {
    signal.throwIfAborted()
    const code = codeOf(error)
    const isUnknown = /^(?:ENOTFOUND|EAI_AGAIN|ENODATA)$/.test(code)
    const isBucket = isUnknown && (await isServerKnown(url, probe, findAddress))
    const unknown = isBucket ? problems.bucketHost : problems.unknownHost
    const problem = isUnknown ? unknown : await problemOf(code, url, signal)
    return { findings: [{ problem, evidence: `${host}: ${code}` }] }
  }
}

async function problemOf(code: string, url: string, signal: AbortSignal): Promise<Problem> {
  if (/^(?:CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)$/.test(code)) return problems.certificateExpired
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return problems.certificateName
  if (/^(?:EPROTO|ERR_SSL_.*)$/.test(code)) return problems.tlsNotServed
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code)) return problems.certificateUntrusted
  // A server of HTTPS that cannot make sense of HTTP hangs up.
  if (/^(?:ECONNRESET|EPIPE|HPE_.*)$/.test(code) && (await isHttps(url, signal))) return problems.httpsWanted
  return problems.unreachable
}

/** True where DNS knows the configured endpoint, before which the name of the bucket was put. */
async function isServerKnown(url: string, { options }: Probe, findAddress: FindAddress): Promise<boolean> {
  const { endpoint } = serverOf(options)
  if (endpoint === undefined) return false
  const { hostname } = new URL(endpoint)
  if (hostname === new URL(url).hostname) return false
  return findAddress(hostname).then(
    () => true,
    () => false,
  )
}

async function checkTls(probe: Probe, signal: AbortSignal): Promise<Outcome> {
  const url = await probe.address()
  const { protocol, port, host } = new URL(url)
  if (protocol === 'https:') {
    if (!probe.options.skipVerify) return { evidence: 'the certificate is trusted' }
    return { findings: [{ problem: problems.certificateUnchecked, evidence: 'skipverify: true' }] }
  }
  // Where a port is given it has HTTP alone, and many a network of its own is meant to have no more.
  if (port !== '' || !(await isHttps(url, signal))) return { evidence: 'http:// is all that the server has' }
  return { findings: [{ problem: problems.plainHttp, evidence: `https://${host} answers as well` }] }
}

/** True where a server of HTTPS is at the host and port of a URL of HTTP, be its certificate as it may. */
async function isHttps(url: string, signal: AbortSignal): Promise<boolean> {
  if (!url.startsWith('http:')) return false
  return sendRequest(url.replace(/^http:/, 'https:'), { skipVerify: true, signal }).then(
    () => true,
    () => false,
  )
}
