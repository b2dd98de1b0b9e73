import type { StorageDriver } from '@longshore/middleware-core'
import type { Digest } from '../oci/digest.ts'
import { mapConcurrent } from '../storage/concurrency.ts'
import { type Reading, type References, readReferences } from './references.ts'
import type { Removal } from './removal.ts'
import type { Link, RepositoryLinks } from './repository-links.ts'

/** Rules by which something is garbage. */
export interface GarbageRules {
  /** Time from which nothing that was written is garbage. */
  readonly cutoff: Date
  /** True when manifests are garbage that neither a tag, nor an index, nor a subject leads to. */
  readonly deleteUntagged: boolean
}

/** Plan for a repository. */
export interface RepositoryPlan {
  readonly removals: readonly Removal[]
  /** Manifests that stay. */
  readonly manifests: number
  /** Bytes of what they name, as they tell. */
  readonly sizes: ReadonlyMap<Digest, number>
  /** Oddities of the repository, in words. */
  readonly warnings: readonly string[]
  /** Reasons why nothing of it is garbage, in words. */
  readonly failures: readonly string[]
}

/**
 * Decides what of a repository is garbage. All of it is read here: its links are the business of its own manifests only.
 * While it cannot be known what one of them needs, nothing of the repository is garbage.
 */
export async function planRepository(
  storage: StorageDriver,
  repository: RepositoryLinks,
  rules: GarbageRules,
): Promise<RepositoryPlan> {
  const { name, links, broken } = repository
  const revisions = links.filter(({ kind }) => kind === 'revision')
  const present = new Map(links.map(({ digest }) => [digest, digest]))
  const readings = new Map(
    await mapConcurrent(revisions, async ({ digest, target }) => {
      return [digest, onlyPresent(await readReferences(storage, target), present)] as const
    }),
  )
  const warnings = broken.map(path => `not a link: ${path}`)
  const failures: string[] = []
  for (const [digest, reading] of readings) {
    if (reading === 'missing') warnings.push(`${name}: the bytes of the manifest ${digest} are missing`)
    if (reading instanceof Error) failures.push(`${name}: nothing is removed: ${digest}: ${reading.message}`)
  }
  // It may lead to any manifest.
  const unknownTag = rules.deleteUntagged ? broken.find(path => path.endsWith('/current/link')) : undefined
  if (unknownTag !== undefined) failures.push(`${name}: nothing is removed: where does this tag lead: ${unknownTag}`)
  const sizes = new Map([...readings.values()].flatMap(reading => [...(referencesIn(reading)?.sizes ?? [])]))
  if (failures.length > 0) return { removals: [], manifests: revisions.length, sizes, warnings, failures }
  const kept = rules.deleteUntagged ? reachable(rootsOf(repository, rules), readings) : new Set(readings.keys())
  const named = new Set([...kept].flatMap(digest => referencesIn(readings.get(digest))?.named ?? []))
  const isGarbage = ({ kind, digest, modifiedAt }: Link): boolean => {
    // Histories and referrers may be listed only to be looked at.
    const isCollected = kind === 'layer' || kind === 'revision' || rules.deleteUntagged
    return isCollected && modifiedAt < rules.cutoff && !(kind === 'layer' ? named : kept).has(digest)
  }
  const removals = links.filter(isGarbage).map(({ kind, path, digest, target }) => {
    const subject = kind === 'revision' ? referencesIn(readings.get(digest))?.subject : undefined
    return { kind, path, digest, target, subject }
  })
  return { removals, manifests: kept.size, sizes, warnings, failures }
}

/** Manifests that stay for their own sake: tagged ones, and young ones, to which the end of a push may yet lead. */
function rootsOf({ links, tagged }: RepositoryLinks, { cutoff }: GarbageRules): Digest[] {
  return links
    .filter(({ kind }) => kind === 'revision')
    .filter(({ digest, target, modifiedAt }) => tagged.has(digest) || tagged.has(target) || modifiedAt >= cutoff)
    .map(({ digest }) => digest)
}

/** Finds the manifests that the roots lead to: through indexes, and from a subject to its referrers. */
function reachable(roots: readonly Digest[], readings: ReadonlyMap<Digest, Reading>): ReadonlySet<Digest> {
  const referrers = new Map<Digest, Digest[]>()
  for (const [digest, reading] of readings) {
    const subject = referencesIn(reading)?.subject
    if (subject) referrers.set(subject, [...(referrers.get(subject) ?? []), digest])
  }
  const reached = new Set<Digest>()
  const waiting = [...roots]
  for (let digest = waiting.pop(); digest; digest = waiting.pop()) {
    if (reached.has(digest) || !readings.has(digest)) continue
    reached.add(digest)
    waiting.push(...(referencesIn(readings.get(digest))?.named ?? []), ...(referrers.get(digest) ?? []))
  }
  return reached
}

/** Reduces references to what the repository has, as the very strings of its listing: many manifests name the same. */
function onlyPresent(reading: Reading, present: ReadonlyMap<Digest, Digest>): Reading {
  const references = referencesIn(reading)
  if (!references) return reading
  const named = references.named.flatMap(digest => present.get(digest) ?? [])
  const sizes = named.flatMap(digest => {
    const size = references.sizes.get(digest)
    return size === undefined ? [] : [[digest, size] as const]
  })
  return { named, sizes: new Map(sizes), subject: references.subject && present.get(references.subject) }
}

function referencesIn(reading: Reading | undefined): References | undefined {
  return reading === undefined || reading === 'missing' || reading instanceof Error ? undefined : reading
}
