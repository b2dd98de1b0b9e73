import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { Check, Outcome } from '@longshore/middleware-core/cli'
import { asking } from './ask.ts'
import type { Probe } from './probe.ts'
import { problems } from './problems.ts'
import { Found } from './told-once.ts'

/** Makes the check without which no request to the bucket succeeds. */
export function bucketCheck(probe: Probe): Check {
  const { bucket } = probe
  return {
    name: 'bucket',
    title: 'the bucket is there, in its region, for these credentials',
    after: ['credentials', 'connection'],
    isVital: true,
    run: async (signal): Promise<Outcome> => {
      try {
        await asking({ operation: 'ListObjectsV2', denied: problems.accessRefused }, () => list(signal))
        return { evidence: bucket.name }
      } catch (error) {
        if (!(error instanceof Found) || error.finding.problem !== problems.accessRefused) throw error
        // Whether it may be written to tells one missing permission from none at all.
        const canWrite = await probe.writeObject(signal).then(
          () => true,
          () => false,
        )
        if (!canWrite) throw error
        return { evidence: `${bucket.name}, which may not be listed` }
      }
    },
  }

  async function list(signal: AbortSignal): Promise<void> {
    const command = new ListObjectsV2Command({ Bucket: bucket.name, Prefix: probe.prefix, MaxKeys: 1 })
    const found = await bucket
      .run(o => bucket.client.send(command, o), { signal: probe.limited(signal) })
      .catch((error: unknown) => {
        throw isNoXml(error) ? new Found({ problem: problems.notS3, evidence: 'the answer is not XML' }) : error
      })
    if (found.Name !== undefined || found.KeyCount !== undefined) return
    throw new Found({ problem: problems.notS3, evidence: 'ListObjectsV2: an answer without a list' })
  }
}

/** The SDK's parser throws at HTML, or finds no code in it. */
function isNoXml(error: unknown): boolean {
  const { cause } = Object(error) as { cause?: unknown }
  return /(?:Deserialization error|not closed|Unclosed|char '.*' is not expected|Invalid XML)/i.test(String(cause))
}
