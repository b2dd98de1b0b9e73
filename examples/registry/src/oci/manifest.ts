import type { z } from 'zod'
import type { Digest } from './digest.ts'
import { RegistryError } from './errors.ts'
import { parseManifestJson } from './manifest-json.ts'
import { image, index } from './manifest-schema.ts'
import {
  type Reference,
  imageType,
  imageTypes,
  indexType,
  indexTypes,
  referencesOfImage,
  referencesOfIndex,
} from './references.ts'

/** Part of a manifest that a registry must know. The rest is for clients and kept as it came. */
export interface Manifest {
  readonly mediaType: string
  /** True for an index or list. */
  readonly isIndex: boolean
  /** Config and layers, or an index's entries, each once: they have to be there before it. */
  readonly references: readonly Reference[]
  /** Manifest that it is about, which may come later or never. */
  readonly subject: Digest | undefined
  /** Type as an artifact: its own `artifactType` or, of an image that names none, its config's media type. */
  readonly artifactType: string | undefined
  readonly annotations: Readonly<Record<string, string>> | undefined
}

/** Bytes of a manifest: 4 MiB, as in Distribution. The OCI specification asks for at least that. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024

/** Layers of a manifest, or manifests of an index. */
const MAX_DESCRIPTORS = 10_000

/** Mistakes of a manifest that are reported. */
const MAX_REPORTED_ISSUES = 10

/**
 * Reads a manifest or index, of OCI or of Docker. Its type is in its `mediaType`, which OCI's may leave out: then its form
 * tells. Throws `MANIFEST_INVALID`, for any other kind of manifest too: nothing beside the bytes would say of what type it
 * is, and Distribution's garbage collection would end at it.
 */
export function parseManifest(content: Uint8Array): Manifest {
  const json = parseManifestJson(content)
  assertLength(json, 'layers')
  assertLength(json, 'manifests')
  if (isIndex(json)) {
    const { mediaType = indexType, manifests, ...rest } = check(index, json)
    const artifactType = rest.artifactType || undefined
    return {
      ...described(rest),
      mediaType: oneOf(indexTypes, mediaType),
      isIndex: true,
      references: referencesOfIndex(manifests),
      artifactType,
    }
  }
  const { mediaType = imageType, config, layers, ...rest } = check(image, json)
  const artifactType = rest.artifactType || config.mediaType
  const references = referencesOfImage([config, ...layers])
  return { ...described(rest), mediaType: oneOf(imageTypes, mediaType), isIndex: false, references, artifactType }
}

/** Reads a stored manifest; undefined when another registry has stored one of a form that is not accepted here. */
export function readManifest(content: Uint8Array): Manifest | undefined {
  try {
    return parseManifest(content)
  } catch {
    return undefined
  }
}

function described(fields: Pick<z.output<typeof index>, 'subject' | 'annotations'>) {
  return { subject: fields.subject?.digest, annotations: fields.annotations ?? undefined }
}

/** Checks a list's length before a schema visits every entry, and collects what is wrong with each. */
function assertLength(json: unknown, field: string): void {
  const list: unknown = Object(json)[field]
  if (Array.isArray(list) && list.length > MAX_DESCRIPTORS) {
    throw invalid(`more than ${MAX_DESCRIPTORS} ${field}`, [{ field }])
  }
}

/**
 * Finds the type under which a stored manifest is served. Another registry may have stored one of a form that is not accepted
 * here: then what it says of itself, or what it looks like, or `application/octet-stream`.
 */
export function storedMediaType(content: Uint8Array): string {
  const json = ofAnyForm(content)
  const { mediaType, config } = Object(json) as Record<string, unknown>
  if (typeof mediaType === 'string' && /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}$/.test(mediaType)) return mediaType
  if (isIndex(json)) return indexType
  return config === undefined ? 'application/octet-stream' : imageType
}

function ofAnyForm(content: Uint8Array): unknown {
  try {
    return parseManifestJson(content)
  } catch {
    return undefined
  }
}

function isIndex(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'manifests' in json && !('layers' in json)
}

function check<Schema extends z.ZodType>(schema: Schema, json: unknown): z.output<Schema> {
  const result = schema.safeParse(json)
  if (result.success) return result.data
  throw invalid(
    'does not have the form of a manifest',
    result.error.issues.slice(0, MAX_REPORTED_ISSUES).map(({ path, message }) => ({ field: path.join('.'), message })),
  )
}

/** Checks the type letter by letter, as Distribution and clients do. */
function oneOf(types: readonly string[], mediaType: string): string {
  if (types.includes(mediaType)) return mediaType
  throw invalid(`its mediaType does not go with its form; accepted: ${types.join(', ')}`, [{ mediaType }])
}

function invalid(problem: string, details?: readonly unknown[]): RegistryError {
  return new RegistryError('MANIFEST_INVALID', problem, details ? { details } : {})
}
