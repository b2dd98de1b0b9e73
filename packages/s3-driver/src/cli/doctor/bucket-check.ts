import type { Check, Problem } from '@longshore/middleware-core/cli'
import { type Refusal, describeRefusal, isDenied } from './answer.ts'
import type { ExaminedBucket } from './examined-bucket.ts'
import { problems } from './problems.ts'

/** Makes the check that the bucket is there, in this region, for these credentials. */
export function bucketCheck(bucket: ExaminedBucket): Check {
  return {
    name: 'bucket',
    title: 'the bucket is there, and knows the credentials',
    after: ['connection', 'clock'],
    run: async signal => {
      const { refusal, region } = await bucket.first(signal)
      const place = region ?? bucket.options.region
      if (refusal === undefined) return { evidence: [bucket.name, place].filter(Boolean).join(' in ') }
      const problem = problemOf(refusal, region, bucket)
      // Whoever may not list it may still do all the rest: the checks of permissions tell.
      if (!problem && isDenied(refusal)) return { evidence: `${bucket.name}, which may not be listed` }
      if (!problem) throw new Error(describeRefusal('HeadBucket', refusal))
      const told = region === undefined ? '' : `; the bucket is in ${region}`
      return { findings: [{ problem, evidence: `${describeRefusal('HeadBucket', refusal)}${told}` }] }
    },
  }
}

const byName: Readonly<Record<string, Problem>> = {
  InvalidAccessKeyId: problems.unknownAccessKey,
  SignatureDoesNotMatch: problems.wrongSecret,
  ExpiredToken: problems.credentialsEnded,
  InvalidToken: problems.credentialsEnded,
  RequestTimeTooSkewed: problems.clock,
  PermanentRedirect: problems.wrongRegion,
  TemporaryRedirect: problems.wrongRegion,
  AuthorizationHeaderMalformed: problems.wrongRegion,
  NoSuchBucket: problems.bucketMissing,
}

function problemOf(
  { name, status }: Refusal,
  region: string | undefined,
  { options }: ExaminedBucket,
): Problem | undefined {
  const known = byName[name]
  if (known) return known
  if (status === 404) return problems.bucketMissing
  const isElsewhere = region !== undefined && region !== options.region && status !== 403
  return isElsewhere || status === 301 || status === 307 ? problems.wrongRegion : undefined
}
