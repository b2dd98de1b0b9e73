import type { Check, Finding } from '@longshore/middleware-core/cli'
import { type Edge, ground } from './edge.ts'
import { type EdgeAnswer, ask, describeAnswer } from './edge-answer.ts'
import { problems } from './problems.ts'

const HOUR_MS = 3_600_000

/** Makes the check that files lie where CloudFront looks for them. */
export function originPathCheck(edge: Edge): Check {
  return {
    name: 'origin-path',
    title: 'files lie within the Origin Path of the option originpath',
    run: () => {
      const { originPath } = edge.settings
      if (edge.isInsideOriginPath) return { evidence: originPath === '' ? 'there is none' : `/${originPath}` }
      const evidence = `the key ${edge.key} does not begin with ${originPath}/`
      return { findings: [{ problem: problems.outsideOriginPath, evidence }] }
    },
  }
}

/** Makes the check that a signature is asked for. */
export function unsignedCheck(edge: Edge): Check {
  return {
    name: 'unsigned',
    title: 'a URL without signature is refused',
    after: ['connection', 'storage/write', 'origin-path'],
    run: async signal => {
      await edge.writeBlob(signal)
      const answer = await ask(edge.urlOf(edge.blob), { signal })
      // An error of S3 means that CloudFront has let the request pass. A page may stand in for CloudFront's own refusal.
      const isServed = edge.isBlob(answer) || (answer.source === 'S3' && answer.code !== undefined)
      return isServed ? { findings: [{ problem: problems.notRestricted, evidence: describeAnswer(answer) }] } : {}
    },
  }
}

/** Makes the checks of signatures that the edge has to refuse, and of what it must keep from S3. */
export function refusalChecks(edge: Edge): Check[] {
  return [
    {
      name: 'expired',
      title: 'a URL that has ended is refused',
      after: [...ground, 'unsigned'],
      run: edge.whereServed(async signal => {
        const signing = { expiresIn: undefined, expiresAt: new Date(Date.now() - HOUR_MS) }
        const answer = await edge.askSigned(edge.blob, { signal, signing })
        return { findings: findingsOf(edge, answer, problems.expiredServed) }
      }),
    },
    {
      name: 'tampered',
      title: 'a URL with the signature of another one is refused',
      after: [...ground, 'unsigned'],
      run: edge.whereServed(async signal => {
        const { search } = new URL(await edge.sign(edge.urlOf(edge.missing)))
        const answer = await ask(edge.urlOf(edge.blob) + search, { signal })
        return { findings: findingsOf(edge, answer, problems.tamperedServed) }
      }),
    },
    {
      name: 'authorization',
      title: "the client's Authorization does not reach S3",
      after: ['connection', 'storage/write', 'origin-path'],
      run: async signal => {
        // What the cache holds is served whatever else the request says.
        const path = await edge.writeUncached(signal)
        const headers = { authorization: 'Bearer longshore-doctor' }
        const served = await edge.served(signal)
        const answer = await edge.askSigned(path, { signal, headers })
        if (edge.isBlob(answer)) return {}
        const reachesS3 = answer.source === 'S3' && answer.status === 400
        if (!reachesS3 && !edge.isBlob(served)) return { skipped: 'not told, because no file is served' }
        return {
          findings: [
            { problem: problems.authorizationForwarded, evidence: `${describeAnswer(answer)}, with Authorization` },
          ],
        }
      },
    },
  ]
}

function findingsOf(edge: Edge, answer: EdgeAnswer, problem: Finding['problem']): Finding[] {
  return edge.isBlob(answer) ? [{ problem, evidence: describeAnswer(answer) }] : []
}
