import { type StorageDriver, StorageError, checkOptions, keyOf } from '@longshore/middleware-core'
import { type CliContext, type FoundLayer, findLayer, readStoragePath, withStack } from '@longshore/middleware-core/cli'
import { type CloudFrontSettings, cloudFrontOptions } from '../options.ts'
import { type Signer, type SignerOptions, createSigner } from '../signer.ts'
import { encodeKey } from '../signing/url-encoding.ts'

/** A distribution as a configuration gives it, and the files behind it. */
export interface Distribution {
  readonly settings: CloudFrontSettings
  readonly signer: Signer
  /**
   * URL of a file of the storage, or pattern of URLs for a pattern of paths, in which `*` stands for any characters. A URL stays
   * what it is.
   */
  urlOf(path: string): string
}

/** Runs `use` with the cloudfront middleware of a configuration. */
export async function withDistribution<T>(
  file: string,
  context: CliContext,
  use: (distribution: Distribution) => Promise<T> | T,
): Promise<T> {
  return withStack(file, context, async (storage, stack) => {
    const layer = findLayer(stack, 'cloudfront')
    if (!layer) throw new StorageError('CONFIG', `${file}: no middleware cloudfront in middleware.storage`)
    const settings = settingsOf(layer)
    using signer = createSigner(signingOptions(settings))
    const urlOf = (path: string): string => (isUrl(path) ? path : urlAtEdge(storage, settings, path))
    return await use({ settings, signer, urlOf })
  })
}

/** Checked options of a layer. */
export function settingsOf({ options, where }: FoundLayer): CloudFrontSettings {
  return checkOptions(cloudFrontOptions, options, { where, locate: () => undefined })
}

/** Options of a signer with the keys of a middleware. */
function signingOptions(settings: CloudFrontSettings): SignerOptions {
  const { privateKey, passphrase, keyPairId, keys, hashAlgorithm } = settings
  const given = { privateKey, passphrase, keyPairId, keys, hashAlgorithm }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

/** URL of a file of the storage, not signed. */
export function urlAtEdge(storage: StorageDriver, settings: CloudFrontSettings, path: string): string {
  return settings.baseUrl + encodeKey(keyAtEdge(storage, settings, path))
}

/** Key of a file, less the Origin Path, which CloudFront puts before it. */
function keyAtEdge(storage: StorageDriver, { originPath }: CloudFrontSettings, given: string): string {
  const key = keyOf(storage, readStoragePath(given).path)
  const prefix = originPath && `${originPath}/`
  if (key.startsWith(prefix)) return key.slice(prefix.length)
  throw new StorageError('INVALID_PATH', `${given} is outside of the Origin Path ${originPath}`, { path: given })
}

function isUrl(text: string): boolean {
  return /^(https?|http\*|\*):\/\//i.test(text)
}
