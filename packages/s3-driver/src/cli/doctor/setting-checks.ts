import {
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyStatusCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  type LifecycleRule,
} from '@aws-sdk/client-s3'
import type { Check, Finding, Outcome, Problem } from '@longshore/middleware-core/cli'
import { describeRefusal, isDenied, refusalOf } from './answer.ts'
import type { ExaminedBucket } from './examined-bucket.ts'
import { problems } from './problems.ts'

/** Makes the checks of how the bucket is set up, as far as the credentials may see it. */
export function settingChecks(bucket: ExaminedBucket): Check[] {
  const { client } = bucket
  const input = { Bucket: bucket.name }
  return [
    setting('public-access', 'the bucket blocks public access', 's3:GetBucketPublicAccessBlock', async abortSignal => {
      const answer = await unlessUnset(client.send(new GetPublicAccessBlockCommand(input), { abortSignal }))
      const { BlockPublicAcls, BlockPublicPolicy, IgnorePublicAcls, RestrictPublicBuckets } =
        answer?.PublicAccessBlockConfiguration ?? {}
      const all = { BlockPublicAcls, BlockPublicPolicy, IgnorePublicAcls, RestrictPublicBuckets }
      const off = Object.entries(all).flatMap(([name, isOn]) => (isOn ? [] : [name]))
      return off.length === 0 ? {} : found(problems.publicAccess, `off: ${off.join(', ')}`)
    }),
    setting('policy', 'no policy makes the bucket public', 's3:GetBucketPolicyStatus', async abortSignal => {
      const answer = await unlessUnset(client.send(new GetBucketPolicyStatusCommand(input), { abortSignal }))
      return answer?.PolicyStatus?.IsPublic ? found(problems.bucketPublic, 'IsPublic: true') : {}
    }),
    setting('ownership', 'who owns objects', 's3:GetBucketOwnershipControls', async abortSignal => {
      const answer = await unlessUnset(client.send(new GetBucketOwnershipControlsCommand(input), { abortSignal }))
      return { evidence: answer?.OwnershipControls?.Rules?.[0]?.ObjectOwnership ?? 'ObjectWriter' }
    }),
    setting(
      'lifecycle',
      'lifecycle rules clean up, and take no files',
      's3:GetLifecycleConfiguration',
      async abortSignal => {
        const findings = lifecycleFindings(await rulesOf(bucket, abortSignal), bucket.options.rootDirectory)
        return { findings }
      },
    ),
    setting('versioning', 'deleted files do not stay for ever', 's3:GetBucketVersioning', async abortSignal => {
      const { Status } = await client.send(new GetBucketVersioningCommand(input), { abortSignal })
      if (Status !== 'Enabled') return { evidence: Status ?? 'off' }
      const rules = await rulesOf(bucket, abortSignal)
      const isExpiring = rules.some(rule => rule.Status === 'Enabled' && rule.NoncurrentVersionExpiration)
      return isExpiring ? { evidence: 'noncurrent versions expire' } : found(problems.versioned, `Status: ${Status}`)
    }),
    setting(
      'object-lock',
      'nothing keeps files that are deleted',
      's3:GetBucketObjectLockConfiguration',
      async abortSignal => {
        const answer = await unlessUnset(client.send(new GetObjectLockConfigurationCommand(input), { abortSignal }))
        const retention = answer?.ObjectLockConfiguration?.Rule?.DefaultRetention
        if (!retention) return {}
        const { Mode, Days, Years } = retention
        return found(problems.objectLock, `${Mode}, ${Days === undefined ? `${Years} years` : `${Days} days`}`)
      },
    ),
    setting('cors', 'pages of other origins', 's3:GetBucketCORS', async abortSignal => {
      const answer = await unlessUnset(client.send(new GetBucketCorsCommand(input), { abortSignal }))
      const origins = answer?.CORSRules?.flatMap(({ AllowedOrigins = [] }) => AllowedOrigins) ?? []
      return { evidence: origins.length === 0 ? 'may not upload (no CORS rules)' : `may: ${origins.join(', ')}` }
    }),
  ]
}

function setting(name: string, title: string, action: string, run: (signal: AbortSignal) => Promise<Outcome>): Check {
  return {
    name,
    title,
    after: ['bucket'],
    run: async signal => {
      try {
        return await run(signal)
      } catch (error) {
        signal.throwIfAborted()
        const refusal = refusalOf(error)
        if (refusal.status === undefined) throw error
        if (isDenied(refusal)) return { skipped: `not seen: needs ${action}` }
        // Other servers than Amazon's know few of these.
        return { skipped: `not seen: ${describeRefusal(name, refusal)}` }
      }
    },
  }
}

function found(problem: Problem, evidence: string): Outcome {
  return { findings: [{ problem, evidence }] }
}

const unset = new Set([
  'NoSuchPublicAccessBlockConfiguration',
  'OwnershipControlsNotFoundError',
  'NoSuchLifecycleConfiguration',
  'NoSuchBucketPolicy',
  'NoSuchCORSConfiguration',
  'ObjectLockConfigurationNotFoundError',
])

/** Answer to a question about a setting; undefined where the bucket has none. */
async function unlessUnset<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request
  } catch (error) {
    if (unset.has(refusalOf(error).name)) return undefined
    throw error
  }
}

async function rulesOf({ client, name }: ExaminedBucket, abortSignal: AbortSignal): Promise<LifecycleRule[]> {
  const command = new GetBucketLifecycleConfigurationCommand({ Bucket: name })
  return (await unlessUnset(client.send(command, { abortSignal })))?.Rules ?? []
}

const archives = /^(?:GLACIER|DEEP_ARCHIVE)$/

function lifecycleFindings(rules: readonly LifecycleRule[], rootDirectory: string): Finding[] {
  const root = rootDirectory.replace(/^\/+|\/+$/g, '')
  const active = rules.filter(({ Status }) => Status === 'Enabled')
  const findings: Finding[] = []
  for (const rule of active.filter(one => concerns(one, root))) {
    const id = rule.ID ?? 'a rule without an ID'
    const { Expiration, Transitions = [] } = rule
    if (Expiration?.Days !== undefined || Expiration?.Date !== undefined) {
      findings.push({ problem: problems.filesExpire, evidence: `rule ${id}` })
    }
    const archive = Transitions.find(({ StorageClass }) => archives.test(StorageClass ?? ''))
    if (archive) findings.push({ problem: problems.filesArchived, evidence: `rule ${id}, to ${archive.StorageClass}` })
  }
  const cleansUp = active.some(rule => rule.AbortIncompleteMultipartUpload && covers(rule, root))
  if (!cleansUp)
    findings.push({ problem: problems.noAbortRule, evidence: `${active.length} rules, none with it for all files` })
  return findings
}

/** True where a rule may be about files below the root directory: one by tags or sizes may be about some. */
function concerns(rule: LifecycleRule, root: string): boolean {
  const prefix = prefixOf(rule)
  return `${root}/`.startsWith(prefix) || prefix.startsWith(root)
}

/** True where a rule is about everything below the root directory. */
function covers(rule: LifecycleRule, root: string): boolean {
  const { Filter } = rule
  const isNarrower = Filter?.Tag ?? Filter?.And?.Tags ?? Filter?.ObjectSizeGreaterThan ?? Filter?.ObjectSizeLessThan
  return isNarrower === undefined && (root === '' ? prefixOf(rule) === '' : `${root}/`.startsWith(prefixOf(rule)))
}

function prefixOf({ Filter, Prefix }: LifecycleRule): string {
  return Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? ''
}
