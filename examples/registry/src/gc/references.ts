import { type StorageDriver, isStorageError } from '@longshore/middleware-core'
import { z } from 'zod'
import { type Digest, asDigest, digestOf, digestParts } from '../oci/digest.ts'
import { MAX_MANIFEST_BYTES } from '../oci/manifest.ts'
import { blobData } from '../storage/layout.ts'
import { receiveWhole } from '../storage/receive.ts'
import { parseJson } from './parse-json.ts'

/** References of a manifest. */
export interface References {
  /** Blobs and manifests alike: BuildKit keeps layers in an index's `manifests`. */
  readonly named: readonly Digest[]
  /** Bytes of those of which it tells. */
  readonly sizes: ReadonlyMap<Digest, number>
  /** Manifest that this one is about. */
  readonly subject: Digest | undefined
}

/**
 * Outcome of reading a manifest: its references; `missing` when its bytes are not there; or the reason why they cannot be
 * known.
 */
export type Reading = References | 'missing' | Error

interface Descriptor {
  readonly digest: Digest
  readonly size: number | undefined
}

const descriptor = z
  .object({ digest: z.string(), size: z.int().nonnegative().optional().catch(undefined) })
  .transform(({ digest, size }) => known(asDigest(digest), size))
const layerOfSchema1 = z.object({ blobSum: z.string() }).transform(({ blobSum }) => known(asDigest(blobSum)))

/**
 * Fields by which manifests name others: OCI's and Docker's images and indexes, ORAS's artifacts (`blobs`) and Docker's
 * first schema (`fsLayers`). More is understood than is accepted from clients, because others filled the bucket, too.
 */
const manifest = z
  .object({
    config: descriptor.nullish(),
    layers: z.array(descriptor).nullish(),
    manifests: z.array(descriptor).nullish(),
    blobs: z.array(descriptor).nullish(),
    fsLayers: z.array(layerOfSchema1).nullish(),
    subject: descriptor.nullish(),
  })
  // Programs in Go write an empty list as null.
  .refine(({ layers, manifests, blobs, fsLayers }) =>
    [layers, manifests, blobs, fsLayers].some(list => list !== undefined),
  )

/** Reads what the manifest with a digest names. */
export async function readReferences(storage: StorageDriver, digest: Digest): Promise<Reading> {
  try {
    const content = await receiveWhole(await storage.reader(blobData(digest)), MAX_MANIFEST_BYTES)
    if (content && digestOf(content, digestParts(digest).algorithm) !== digest) {
      return new Error('its bytes do not have that digest: they were cut off or replaced; push it again')
    }
    return (content && referencesOf(content)) ?? new Error('it has none of the forms that are known')
  } catch (error) {
    return isStorageError(error, 'PATH_NOT_FOUND') ? 'missing' : (error as Error)
  }
}

/** Parses what a manifest names; undefined when it has none of the known forms. */
export function referencesOf(content: Uint8Array): References | undefined {
  const { data } = manifest.safeParse(parseJson(content))
  if (!data) return undefined
  const { config, layers, manifests, blobs, fsLayers, subject } = data
  const named = [config, ...[layers, manifests, blobs, fsLayers].flatMap(list => list ?? [])].filter(isGiven)
  const sizes = named.flatMap(({ digest, size }) => (size === undefined ? [] : [[digest, size] as const]))
  return { named: named.map(({ digest }) => digest), sizes: new Map(sizes), subject: subject?.digest }
}

/** Digests of other algorithms are left out: whatever is stored under them is never touched. */
function known(digest: Digest | undefined, size?: number): Descriptor | undefined {
  return digest && { digest, size }
}

function isGiven<Value>(value: Value | null | undefined): value is Value {
  return value !== null && value !== undefined
}
