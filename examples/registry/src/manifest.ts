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

/** The most layers, or manifests of an index, that are accepted. */
const mostDescriptors = 10_000

/** So many mistakes of a manifest are told. */
const toldIssues = 10

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
  // One check for the list and not one for each of its entries: there may be as many as a manifest has room for.
  urls: z
    .custom<string[]>(urls => Array.isArray(urls) && urls.every(url => typeof url === 'string'), 'not a list of texts')
    .optional(),
})

const common = { schemaVersion: z.literal(2), mediaType: z.string().max(255).optional() }
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
  assertLength(json, 'layers')
  assertLength(json, 'manifests')
  const isIndex = typeof json === 'object' && json !== null && 'manifests' in json && !('layers' in json)
  if (isIndex) {
    const { mediaType = indexTypes[0], manifests } = check(index, json)
    return { mediaType: oneOf(indexTypes, mediaType), blobs: [], manifests: unique(manifests) }
  }
  const { mediaType = imageTypes[0], config, layers } = check(image, json)
  return { mediaType: oneOf(imageTypes, mediaType), blobs: unique([config, ...layers]), manifests: [] }
}

/** Before a schema visits them all: what is wrong with each would be collected. */
function assertLength(json: unknown, field: string): void {
  const list: unknown = Object(json)[field]
  if (Array.isArray(list) && list.length > mostDescriptors) {
    throw invalid(`more than ${mostDescriptors} ${field}`, [{ field }])
  }
}

/**
 * The type under which a stored manifest is served. Another registry may have stored one of a form that is not accepted
 * here: then what it says of itself, or `application/octet-stream`.
 */
export function storedMediaType(content: Uint8Array): string {
  try {
    return parseManifest(content).mediaType
  } catch {
    return namedMediaType(content) ?? 'application/octet-stream'
  }
}

function namedMediaType(content: Uint8Array): string | undefined {
  try {
    return z
      .object({ mediaType: z.string().regex(/^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}$/) })
      .parse(parseJson(content)).mediaType
  } catch {
    return undefined
  }
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
    result.error.issues.slice(0, toldIssues).map(({ path, message }) => ({ field: path.join('.'), message })),
  )
}

function oneOf(types: readonly string[], mediaType: string | undefined): string {
  const type = mediaType?.toLowerCase()
  if (type !== undefined && types.includes(type)) return type
  throw invalid(`its mediaType does not go with its form; accepted: ${types.join(', ')}`, [{ mediaType }])
}

/** What has URLs of its own may be kept elsewhere, as the base layers of Windows images are. */
function unique(descriptors: readonly z.output<typeof descriptor>[]): Digest[] {
  return [...new Set(descriptors.filter(({ urls }) => !urls?.length).map(({ digest }) => digest))]
}

function invalid(problem: string, details?: readonly unknown[]): RegistryError {
  return new RegistryError('MANIFEST_INVALID', problem, details ? { details } : {})
}
