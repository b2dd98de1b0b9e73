import { responseOverrides } from '@longshore/middleware-core'
import type { Check, Outcome } from '@longshore/middleware-core/cli'
import { encodeQueryValue } from '../../signing/url-encoding.ts'
import { diagnose } from './diagnose.ts'
import { type Edge, ground } from './edge.ts'
import { describeAnswer } from './edge-answer.ts'
import { problems } from './problems.ts'

/** Makes the checks of what the edge has to serve, and how. */
export function deliveryChecks(edge: Edge): Check[] {
  return [
    {
      name: 'served',
      title: 'a signed URL gives the file',
      after: ground,
      run: async signal => {
        const findings = await diagnose(edge, signal)
        return { findings, evidence: describeAnswer(await edge.served(signal)) }
      },
    },
    {
      name: 'range',
      title: 'a part of the file is served as it was asked for',
      after: ground,
      run: edge.whereServed(async signal => {
        const answer = await edge.askSigned(edge.blob, { signal, headers: { range: 'bytes=100-299' } })
        const isRight = answer.status === 206 && answer.body.equals(edge.content.subarray(100, 300))
        if (isRight) return {}
        const evidence = `${describeAnswer(answer)} with ${answer.body.length} bytes; asked for 200`
        return { findings: [{ problem: problems.rangeIgnored, evidence }] }
      }),
    },
    {
      name: 'head',
      title: 'HEAD tells the size',
      after: ground,
      run: edge.whereServed(async signal => {
        const answer = await edge.askSigned(edge.blob, { signal, method: 'HEAD' })
        const size = answer.headers.get('content-length')
        if (answer.status === 200 && size === String(edge.content.length)) return {}
        return {
          findings: [{ problem: problems.headFails, evidence: `${describeAnswer(answer)}, Content-Length ${size}` }],
        }
      }),
    },
    {
      name: 'missing',
      title: 'what is not there is no page with status 200',
      after: ground,
      run: edge.whereServed(async signal => {
        const answer = await edge.askSigned(edge.missing, { signal })
        if (answer.status >= 400) return { evidence: String(answer.status) }
        return { findings: [{ problem: problems.errorPages, evidence: describeAnswer(answer) }] }
      }),
    },
    {
      name: 'cache',
      title: 'the edge keeps files, whatever their signature',
      after: ground,
      run: edge.whereServed(signal => checkCache(edge, signal)),
    },
    {
      name: 'compression',
      title: 'files arrive as they were stored',
      after: ground,
      run: edge.whereServed(async signal => {
        const path = await edge.writeText(signal)
        const answer = await edge.askSigned(path, { signal, headers: { 'accept-encoding': 'gzip, br' } })
        const encoding = answer.headers.get('content-encoding')
        if (encoding === null) return {}
        const evidence = `${describeAnswer(answer)}, application/json with Content-Encoding ${encoding}`
        return { findings: [{ problem: problems.compressed, evidence }] }
      }),
    },
    {
      name: 'digest',
      title: 'blobs have Docker-Content-Digest',
      after: ground,
      run: edge.whereServed(async signal => {
        const found = (await edge.served(signal)).headers.get('docker-content-digest')
        if (found === edge.digest) return {}
        const evidence = found === null ? 'no such header' : `found ${found}, expected ${edge.digest}`
        return { findings: [{ problem: problems.digestMissing, evidence }] }
      }),
    },
    // A canned policy can sign a query, and a custom one cannot without opening other files.
    ...(edge.settings.policy === 'canned' ? [downloadsCheck(edge)] : []),
  ]
}

/** Tries until an answer comes from the cache: a location of CloudFront has several. */
const CACHE_TRIES = 4

async function checkCache(edge: Edge, signal: AbortSignal): Promise<Outcome> {
  const { duration } = edge.settings
  const seen: string[] = []
  const isHit = async (expiresIn: number): Promise<boolean> => {
    const answer = await edge.askSigned(edge.blob, { signal, signing: { expiresIn } })
    const cache = answer.headers.get('x-cache') ?? 'no X-Cache'
    seen.push(cache)
    return /hit/i.test(cache)
  }
  // Another signature each time, then one and the same.
  for (let count = 1; count <= CACHE_TRIES; count++)
    if (await isHit(duration / 1000 + count)) return { evidence: seen.at(-1) }
  const evidence = (): string => `X-Cache: ${[...new Set(seen)].join(', ')}`
  for (let count = 0; count < CACHE_TRIES; count++) {
    if (await isHit(duration / 1000 + 1)) {
      return {
        findings: [{ problem: problems.queryInCacheKey, evidence: `${evidence()}; a hit for the same signature only` }],
      }
    }
  }
  return { findings: [{ problem: problems.neverCached, evidence: evidence() }] }
}

function downloadsCheck(edge: Edge): Check {
  const fileName = 'longshore doctor.bin'
  const [name = '', value = ''] = Object.entries(responseOverrides({ fileName }))[0] ?? []
  return {
    name: 'downloads',
    title: 'downloads have the name that they were given',
    after: ground,
    run: edge.whereServed(async signal => {
      const answer = await edge.askSigned(edge.blob, { signal, query: `?${name}=${encodeQueryValue(value)}` })
      const disposition = answer.headers.get('content-disposition')
      if (disposition === value) return {}
      const evidence = `${describeAnswer(answer)}, Content-Disposition: ${disposition ?? 'none'}`
      return { findings: [{ problem: problems.downloadsIgnored, evidence }] }
    }),
  }
}
