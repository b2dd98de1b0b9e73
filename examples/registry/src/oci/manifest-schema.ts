import { z } from 'zod'
import { asDigest } from './digest.ts'

/**
 * Schemas of OCI's and Docker's manifests and indexes. Every field that a registry or a client in Go reads has to be of its
 * type: CNCF Distribution cannot read one that is not, and one such manifest ends its garbage collection. Fields that are
 * not known here may hold anything.
 */

const digest = z.string().transform((text, context) => {
  const digest = asDigest(text)
  if (digest) return digest
  context.addIssue({ code: 'custom', message: 'not a sha256 or sha512 digest' })
  return z.NEVER
})

// One check for a list or map, and not one for each of its entries: there may be as many as a manifest has room for.
const texts = z.custom<readonly string[]>(isTexts, 'not a list of texts')
const annotations = z.custom<Readonly<Record<string, string>>>(
  value => isObject(value) && isTexts(Object.values(value)),
  'not a map of texts',
)
const text = z.string().nullish()
const platform = z.object({
  architecture: text,
  os: text,
  'os.version': text,
  'os.features': texts.nullish(),
  variant: text,
  features: texts.nullish(),
})

const descriptor = z.object({
  mediaType: z.string().min(1),
  digest,
  size: z.int().nonnegative(),
  urls: texts.nullish(),
  annotations: annotations.nullish(),
  data: z.base64().nullish(),
  platform: platform.nullish(),
  artifactType: text,
})

export type Descriptor = z.output<typeof descriptor>

const common = {
  schemaVersion: z.literal(2),
  mediaType: z.string().max(255).optional(),
  artifactType: z.string().max(255).nullish(),
  subject: descriptor.nullish(),
  annotations: annotations.nullish(),
}

/** Programs in Go write no layers at all as `null`. */
export const image = z.object({
  ...common,
  config: descriptor,
  layers: z
    .array(descriptor)
    .nullable()
    .transform(layers => layers ?? []),
  manifests: z.null('a manifest cannot be an index as well').optional(),
})

export const index = z.object({
  ...common,
  manifests: z.array(descriptor),
  layers: z.null('an index cannot be a manifest as well').optional(),
  config: z.null('an index cannot be a manifest as well').optional(),
})

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(text => typeof text === 'string')
}
