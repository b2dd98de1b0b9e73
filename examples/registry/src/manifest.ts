import { z } from 'zod'
import { type Digest, asDigest } from './digest.ts'
import { RegistryError } from './errors.ts'

/** What a registry must know of a manifest. The rest is for clients and kept as it came. */
export interface Manifest {
  readonly mediaType: string
  /** The config and layers that have to be there before it. */
  readonly blobs: readonly Digest[]
  /** The manifests, of an index or list, that have to be there before it. */
  readonly manifests: readonly Digest[]
}

const imageTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]
const indexTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]

const digest = z.string().transform((text, context) => {
  const digest = asDigest(text)
  if (digest) return digest
  context.addIssue({ code: 'custom', message: 'not a sha256 or sha512 digest' })
  return z.NEVER
})

const descriptor = z.object({
  mediaType: z.string().min(1),
  digest,
  size: z.int().nonnegative(),
  urls: z.array(z.string()).optional(),
})

const common = { schemaVersion: z.literal(2), mediaType: z.string().optional() }
const image = z.object({
  ...common,
  config: descriptor,
  layers: z.array(descriptor),
  manifests: z.never('a manifest cannot be an index as well').optional(),
})
const index = z.object({
  ...common,
  manifests: z.array(descriptor),
  layers: z.never('an index cannot be a manifest as well').optional(),
  config: z.never('an index cannot be a manifest as well').optional(),
})

/**
 * Reads a manifest or index, of OCI or of Docker. Its type is in its `mediaType`, which OCI's may leave out: then its form
 * tells. Throws `MANIFEST_INVALID`.
 */
export function parseManifest(content: Uint8Array): Manifest {
  const json = parseJson(content)
  const isIndex = typeof json === 'object' && json !== null && 'manifests' in json && !('layers' in json)
  if (isIndex) {
    const { mediaType = indexTypes[0], manifests } = check(index, json)
    return { mediaType: oneOf(indexTypes, mediaType), blobs: [], manifests: unique(manifests) }
  }
  const { mediaType = imageTypes[0], config, layers } = check(image, json)
  return { mediaType: oneOf(imageTypes, mediaType), blobs: unique([config, ...layers]), manifests: [] }
}

function parseJson(content: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content))
  } catch (error) {
    throw invalid(`not JSON: ${(error as Error).message}`)
  }
}

function check<Schema extends z.ZodType>(schema: Schema, json: unknown): z.output<Schema> {
  const result = schema.safeParse(json)
  if (result.success) return result.data
  throw invalid(
    'does not have the form of a manifest',
    result.error.issues.map(({ path, message }) => ({ field: path.join('.'), message })),
  )
}

function oneOf(types: readonly string[], mediaType: string | undefined): string {
  if (mediaType !== undefined && types.includes(mediaType)) return mediaType
  throw invalid(`its mediaType does not go with its form; accepted: ${types.join(', ')}`, [{ mediaType }])
}

/** What has URLs of its own may be kept elsewhere, as the base layers of Windows images are. */
function unique(descriptors: readonly z.output<typeof descriptor>[]): Digest[] {
  return [...new Set(descriptors.filter(({ urls }) => !urls?.length).map(({ digest }) => digest))]
}

function invalid(problem: string, details?: readonly unknown[]): RegistryError {
  return new RegistryError('MANIFEST_INVALID', problem, details ? { details } : {})
}
