import type { Check, Outcome, Problem } from '@longshore/middleware-core/cli'
import { describeRefusal } from './answer.ts'
import type { ExaminedBucket } from './examined-bucket.ts'
import { problems } from './problems.ts'

/** Seconds of difference from which S3 refuses requests, and from which it is told. */
const MAX_SKEW_SECONDS = 15 * 60
const DRIFT_SECONDS = 60

/** Makes the checks of credentials, network and clock. */
export function serverChecks(bucket: ExaminedBucket): Check[] {
  return [
    { name: 'credentials', title: 'there are credentials', run: () => checkCredentials(bucket) },
    {
      name: 'connection',
      title: 'the server answers',
      after: ['credentials'],
      run: async signal => {
        const { refusal } = await bucket.first(signal)
        if (refusal === undefined || refusal.status !== undefined) return {}
        const evidence = describeRefusal('HeadBucket', refusal)
        return { findings: [{ problem: connectionProblem(refusal), evidence }] }
      },
    },
    {
      name: 'clock',
      title: 'the clock agrees with the server',
      after: ['connection'],
      run: async signal => {
        const { skewSeconds, refusal } = await bucket.first(signal)
        if (skewSeconds === undefined) return { skipped: 'the answer has no Date' }
        const evidence = `${Math.abs(skewSeconds)} s ${skewSeconds < 0 ? 'behind' : 'ahead'}`
        const isRefused = refusal?.name === 'RequestTimeTooSkewed' || Math.abs(skewSeconds) >= MAX_SKEW_SECONDS
        if (isRefused) return { findings: [{ problem: problems.clock, evidence }] }
        if (Math.abs(skewSeconds) < DRIFT_SECONDS) return { evidence }
        return { findings: [{ problem: problems.clockDrift, evidence }] }
      },
    },
  ]
}

async function checkCredentials({ client, options }: ExaminedBucket): Promise<Outcome> {
  try {
    const { accessKeyId, expiration } = await client.config.credentials()
    const source = options.accessKey === undefined ? 'found by the SDK' : 'from accesskey'
    const evidence = `${accessKeyId.slice(0, 4)}..., ${source}${expiration ? `, until ${expiration.toISOString()}` : ''}`
    if (expiration && expiration.getTime() <= Date.now()) {
      return { findings: [{ problem: problems.credentialsEnded, evidence }] }
    }
    return { evidence }
  } catch (error) {
    const evidence = error instanceof Error ? error.message : String(error)
    return { findings: [{ problem: problems.noCredentials, evidence }] }
  }
}

function connectionProblem({ name, message }: { name: string; message: string }): Problem {
  const told = `${name} ${message}`
  if (/ENOTFOUND|EAI_AGAIN|ENODATA/.test(told)) return problems.unknownHost
  if (/wrong version number|packet length too long/i.test(told)) return problems.notTls
  return /CERT|UNABLE_TO|SELF_SIGNED|ALTNAME/i.test(name) ? problems.certificate : problems.unreachable
}
