import type { Finding, Problem } from '@longshore/middleware-core/cli'
import type { Detour, Edge } from './edge.ts'
import { type EdgeAnswer, describeAnswer, isDenied } from './edge-answer.ts'
import { describePublicHalf } from './signing-keys.ts'
import { problems } from './problems.ts'

/** Most problems that are found one behind the other. */
const MAX_DETOURS = 3

/**
 * Finds out why a signed URL of a file that is there does not give it. Where there is a way around a problem the edge takes it, so
 * that the next one is found, too. Empty where the file is served at once.
 */
export async function diagnose(edge: Edge, signal: AbortSignal): Promise<Finding[]> {
  const findings: Finding[] = []
  while (findings.length < MAX_DETOURS) {
    const answer = await edge.served(signal)
    if (edge.isBlob(answer)) break
    const { detour, ...finding } = await diagnoseAnswer(edge, answer, signal)
    findings.push(finding)
    if (!detour) break
    edge.take(detour)
  }
  return findings
}

type Diagnosis = Finding & { readonly detour?: Detour }

async function diagnoseAnswer(edge: Edge, answer: EdgeAnswer, signal: AbortSignal): Promise<Diagnosis> {
  const found = (problem: Problem, remedy?: string): Finding => ({ problem, evidence: describeAnswer(answer), remedy })
  const { status, headers, source, code, message = '' } = answer
  if (status >= 300 && status < 400 && status !== 304) return diagnoseRedirect(answer)
  if (failsInFunction(answer)) return found(problems.functionFails)
  if (isDenied(answer)) return diagnoseDenial(edge, answer, signal)
  if (status === 502 || status === 504) return found(problems.originUnreachable)
  if (source === 'S3' && (status === 403 || status === 404)) {
    if (/kms:/i.test(message)) return found(problems.originEncryption)
    if (code === 'NoSuchBucket') return found(problems.otherOrigin)
    const path = await findOriginPath(edge, signal)
    if (path) return path
    return found(status === 403 ? problems.originAccess : problems.otherOrigin)
  }
  if (status === 200 && headers.has('content-encoding')) return found(problems.compressed)
  return found(status === 200 ? problems.otherContent : problems.unexpectedAnswer)
}

function diagnoseRedirect(answer: EdgeAnswer): Finding {
  const location = answer.headers.get('location') ?? ''
  const evidence = `${describeAnswer(answer)}, to ${location.replace(/\?.*/s, '') || 'nowhere'}`
  const target = URL.canParse(location) ? new URL(location) : undefined
  if (answer.source === 'S3' || /\.amazonaws\.com(\.cn)?$/.test(target?.hostname ?? '')) {
    return { problem: problems.originRedirects, evidence }
  }
  const isLoop = target === undefined || target.pathname === answer.path
  return { problem: isLoop ? problems.redirectLoop : problems.redirected, evidence }
}

/** https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/http-503-service-unavailable.html */
function failsInFunction({ status, headers, body }: EdgeAnswer): boolean {
  if (status !== 502 && status !== 503) return false
  return /Function\w+Error/.test(headers.get('x-cache') ?? '') || /CloudFront function/i.test(body.toString('latin1'))
}

/** CloudFront refuses the signature, and gives most reasons one code: they are told apart by other signatures. */
async function diagnoseDenial(edge: Edge, answer: EdgeAnswer, signal: AbortSignal): Promise<Diagnosis> {
  const evidence = describeAnswer(answer)
  if (answer.code === 'MissingKey') return { problem: problems.signatureLost, evidence }
  const { hashAlgorithm, policy } = edge.settings
  if (answer.code === 'InvalidKey') {
    return { problem: problems.keyUnknown, evidence, remedy: withPublicHalf(problems.keyUnknown, edge) }
  }
  if (hashAlgorithm !== 'SHA1') {
    const keys = { hashAlgorithm: 'SHA1' } as const
    const withSha1 = await edge.askSigned(edge.blob, { signal, keys })
    if (!isDenied(withSha1)) {
      return { problem: problems.hashRefused, evidence: `${evidence}; with SHA1: ${withSha1.status}`, detour: { keys } }
    }
  }
  // A signature for every URL shows whether it is the key or the URL that does not fit.
  const forAll = { resource: '*', policy: 'custom' } as const
  const anywhere = await edge.askSigned(edge.blob, { signal, signing: forAll })
  if (!isDenied(anywhere)) {
    return { problem: problems.urlChanged, evidence: `${evidence}; signed for every URL: ${anywhere.status}` }
  }
  const kind = policy === 'custom' ? '' : ', also signed for every URL'
  return {
    problem: problems.keyMismatch,
    evidence: `${evidence}${kind}`,
    remedy: withPublicHalf(problems.keyMismatch, edge),
  }
}

function withPublicHalf({ remedy }: Problem, edge: Edge): string {
  return `${remedy}\n${describePublicHalf(edge.settings)}`
}

/** Longest Origin Path, in components, that is looked for in the key. */
const MAX_COMPONENTS = 4

/** Asks for the file at the places that it has behind another Origin Path than the option's. */
async function findOriginPath(edge: Edge, signal: AbortSignal): Promise<Diagnosis | undefined> {
  const { key } = edge
  const { originPath } = edge.settings
  const components = key.split('/')
  const depths = Array.from({ length: Math.min(MAX_COMPONENTS, components.length - 1) + 1 }, (_, depth) => depth)
  for (const leftOut of depths.map(depth => components.slice(0, depth).join('/'))) {
    if (leftOut === originPath) continue
    const answer = await edge.askSignedUrl(edge.urlWithout(leftOut), { signal })
    if (!edge.isBlob(answer)) continue
    const isMissing = leftOut.length < originPath.length
    return {
      problem: isMissing ? problems.originPathMissing : problems.originPathDoubled,
      evidence: `${describeAnswer(answer)}, as with ${leftOut === '' ? 'no Origin path' : `the Origin path /${leftOut}`}`,
      remedy: `Set the option originpath to /${leftOut}, or the Origin path of the origin to ${originPath === '' ? 'nothing' : `/${originPath}`}.`,
      detour: { leftOut },
    }
  }
  return undefined
}
