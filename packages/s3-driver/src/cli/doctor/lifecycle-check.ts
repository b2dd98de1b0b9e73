import { GetBucketLifecycleConfigurationCommand, type LifecycleRule } from '@aws-sdk/client-s3'
import type { Check, Finding, Outcome } from '@longshore/middleware-core/cli'
import type { Probe } from './probe.ts'
import { problems } from './problems.ts'
import { type Setting, readSetting } from './read-setting.ts'

/** A rule that is enabled, as far as it matters here. */
export interface Rule {
  readonly name: string
  /** True where it is for every file of the storage; then also where for some. */
  readonly covers: boolean
  /** True where it is for some files of the storage. */
  readonly touches: boolean
  readonly abortsUploads: boolean
  readonly endsVersions: boolean
  /** Age at which it deletes, such as `30 days`. */
  readonly expires: string | undefined
  /** Archive that it moves to, from which nothing can be read at once. */
  readonly archive: string | undefined
}

const archives = new Set(['GLACIER', 'DEEP_ARCHIVE'])

/** Reads the enabled rules of the bucket's lifecycle that are for objects without tags, as the driver's are. */
export async function readLifecycle(probe: Probe, signal: AbortSignal): Promise<Setting<Rule[]>> {
  const { client, name, keys } = probe.bucket
  const command = new GetBucketLifecycleConfigurationCommand({ Bucket: name })
  const found = await readSetting(probe, 's3:GetLifecycleConfiguration', o => client.send(command, o), signal)
  if (found.hidden !== undefined) return found
  const rules = (found.value?.Rules ?? []).filter(rule => rule.Status === 'Enabled' && !isForTags(rule))
  const root = keys.prefix('/')
  // Rules for what unfinished uploads leave are somebody's own way to clear up.
  const isOwn = (prefix: string): boolean => keys.ownPrefix(prefix) !== undefined
  return { value: rules.map(rule => ruleOf(rule, root, isOwn)) }
}

/** Makes the check of rules that delete what they should not, and of the one that should be there. */
export function lifecycleCheck(probe: Probe): Check {
  return {
    name: 'lifecycle',
    title: 'lifecycle rules abort interrupted uploads, and leave files alone',
    after: ['bucket'],
    run: async (signal): Promise<Outcome> => {
      const found = await readLifecycle(probe, signal)
      if (found.hidden !== undefined) return { skipped: found.hidden }
      const rules = found.value ?? []
      const findings: Finding[] = []
      for (const { name, touches, expires, archive } of rules) {
        if (!touches) continue
        if (expires !== undefined) {
          findings.push({ problem: problems.lifecycleExpires, evidence: `rule ${name} deletes after ${expires}` })
        }
        if (archive !== undefined) {
          findings.push({ problem: problems.lifecycleArchives, evidence: `rule ${name} moves files to ${archive}` })
        }
      }
      const abort = rules.find(rule => rule.covers && rule.abortsUploads)
      if (!abort) findings.push({ problem: problems.uploadsKept, evidence: 'no rule for all files of the storage' })
      return { findings, evidence: abort && `rule ${abort.name} aborts uploads` }
    },
  }
}

function ruleOf(rule: LifecycleRule, root: string, isOwn: (prefix: string) => boolean): Rule {
  const prefix = prefixOf(rule)
  const covers = root.startsWith(prefix)
  const { Days, Date: date } = rule.Expiration ?? {}
  const isSized = isForSizes(rule)
  const after = Days === undefined ? date?.toISOString().slice(0, 10) : `${Days} days`
  const archive = rule.Transitions?.map(({ StorageClass = '' }) => StorageClass).find(name => archives.has(name))
  return {
    name: rule.ID ?? `of ${JSON.stringify(prefix)}`,
    covers,
    touches: covers || (prefix.startsWith(root) && !isOwn(prefix)),
    abortsUploads: !isSized && rule.AbortIncompleteMultipartUpload !== undefined,
    endsVersions: !isSized && rule.NoncurrentVersionExpiration !== undefined,
    expires: after,
    archive,
  }
}

function prefixOf({ Filter, Prefix }: LifecycleRule & { Prefix?: string | undefined }): string {
  return Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? ''
}

function isForTags({ Filter }: LifecycleRule): boolean {
  return Filter?.Tag !== undefined || (Filter?.And?.Tags?.length ?? 0) > 0
}

function isForSizes({ Filter }: LifecycleRule): boolean {
  const { ObjectSizeGreaterThan, ObjectSizeLessThan } = { ...Filter, ...Filter?.And }
  return ObjectSizeGreaterThan !== undefined || ObjectSizeLessThan !== undefined
}
