import {
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyStatusCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
} from '@aws-sdk/client-s3'
import type { Check, Outcome } from '@longshore/middleware-core/cli'
import { lifecycleCheck, readLifecycle } from './lifecycle-check.ts'
import type { Probe } from './probe.ts'
import { problems } from './problems.ts'
import { readSetting } from './read-setting.ts'

/** Answer of a server that took the request for another one. */
const unknownSetting = { skipped: 'the server does not know such a setting' }

/** Makes the checks of how the bucket is set up, as far as permissions let it be seen. */
export function settingsChecks(probe: Probe): Check[] {
  const ofBucket = (name: string, title: string, run: (signal: AbortSignal) => Promise<Outcome>): Check => ({
    name,
    title,
    after: ['bucket'],
    run,
  })
  return [
    ofBucket('public-access', 'nobody can make files public', signal => publicAccess(probe, signal)),
    ofBucket('policy', 'the bucket policy makes nothing public', signal => policyStatus(probe, signal)),
    ofBucket('ownership', 'ACLs are set only where the bucket takes them', signal => ownership(probe, signal)),
    ofBucket('versioning', 'what is deleted is gone', signal => versioning(probe, signal)),
    ofBucket('object-lock', 'nothing is kept from being deleted', signal => objectLock(probe, signal)),
    lifecycleCheck(probe),
  ]
}

async function publicAccess(probe: Probe, signal: AbortSignal): Promise<Outcome> {
  const { client, name } = probe.bucket
  const command = new GetPublicAccessBlockCommand({ Bucket: name })
  const found = await readSetting(probe, 's3:GetBucketPublicAccessBlock', o => client.send(command, o), signal)
  if (found.hidden !== undefined) return { skipped: found.hidden }
  const { BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets } =
    found.value?.PublicAccessBlockConfiguration ?? {}
  const four = { BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets }
  const off = Object.entries(four).flatMap(([setting, isOn]) => (isOn ? [] : [setting]))
  if (off.length === 0) return { evidence: 'Block Public Access is on' }
  // Others have this setting for the sake of AWS's clients, all off, and their own ways to keep a bucket private.
  if (off.length === 4 && !(await probe.isAmazon(signal))) return unknownSetting
  return { findings: [{ problem: problems.publicAccess, evidence: `off: ${off.join(', ')}` }] }
}

async function policyStatus(probe: Probe, signal: AbortSignal): Promise<Outcome> {
  const { client, name } = probe.bucket
  const command = new GetBucketPolicyStatusCommand({ Bucket: name })
  const found = await readSetting(probe, 's3:GetBucketPolicyStatus', o => client.send(command, o), signal)
  if (found.hidden !== undefined) return { skipped: found.hidden }
  if (found.value === undefined) return { evidence: 'there is none' }
  const { PolicyStatus: status } = found.value
  if (!status) return unknownSetting
  if (!status.IsPublic) return {}
  return { findings: [{ problem: problems.bucketPublic, evidence: 'GetBucketPolicyStatus: IsPublic is true' }] }
}

async function ownership(probe: Probe, signal: AbortSignal): Promise<Outcome> {
  const { client, name } = probe.bucket
  const command = new GetBucketOwnershipControlsCommand({ Bucket: name })
  const found = await readSetting(probe, 's3:GetBucketOwnershipControls', o => client.send(command, o), signal)
  if (found.hidden !== undefined) return { skipped: found.hidden }
  if (found.value === undefined) return { evidence: 'ACLs are taken' }
  const [rule] = found.value.OwnershipControls?.Rules ?? []
  if (!rule) return unknownSetting
  const { objectAcl } = probe.options
  const refusesAcl = rule.ObjectOwnership === 'BucketOwnerEnforced'
  if (refusesAcl && objectAcl !== undefined && objectAcl !== 'bucket-owner-full-control') {
    const evidence = `objectacl is ${objectAcl}, Object Ownership is BucketOwnerEnforced`
    return { findings: [{ problem: problems.aclRefused, evidence }] }
  }
  return { evidence: rule.ObjectOwnership }
}

async function versioning(probe: Probe, signal: AbortSignal): Promise<Outcome> {
  const { client, name } = probe.bucket
  const command = new GetBucketVersioningCommand({ Bucket: name })
  const found = await readSetting(probe, 's3:GetBucketVersioning', o => client.send(command, o), signal)
  if (found.hidden !== undefined) return { skipped: found.hidden }
  if (found.value?.Status !== 'Enabled') return { evidence: found.value?.Status ?? 'never on' }
  const lifecycle = await readLifecycle(probe, signal)
  const isEnded = lifecycle.value?.some(rule => rule.covers && rule.endsVersions)
  if (isEnded) return { evidence: 'on, and a lifecycle rule ends old versions' }
  const unseen = lifecycle.hidden === undefined ? '' : `; lifecycle rules: ${lifecycle.hidden}`
  return { findings: [{ problem: problems.versionsKept, evidence: `Versioning is Enabled${unseen}` }] }
}

async function objectLock(probe: Probe, signal: AbortSignal): Promise<Outcome> {
  const { client, name } = probe.bucket
  const command = new GetObjectLockConfigurationCommand({ Bucket: name })
  const found = await readSetting(probe, 's3:GetBucketObjectLockConfiguration', o => client.send(command, o), signal)
  if (found.hidden !== undefined) return { skipped: found.hidden }
  const { ObjectLockEnabled, Rule } = found.value?.ObjectLockConfiguration ?? {}
  const retention = Rule?.DefaultRetention
  if (!retention) return { evidence: ObjectLockEnabled ? 'Object Lock without a default retention' : 'no Object Lock' }
  const { Mode, Days, Years } = retention
  const time = Days === undefined ? `${Years} years` : `${Days} days`
  return { findings: [{ problem: problems.objectLock, evidence: `default retention: ${Mode}, ${time}` }] }
}
