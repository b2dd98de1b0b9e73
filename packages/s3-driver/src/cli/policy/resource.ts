import type { StorageResource } from '@longshore/middleware-core/cli'
import { KeyMapper } from '../../keys.ts'
import type { CheckedS3Options } from '../../options.ts'
import { serverOf } from '../../server.ts'

/** Partitions by how their regions begin; all other regions are in `aws`. */
const partitions: readonly (readonly [prefix: string, partition: string])[] = [
  ['cn-', 'aws-cn'],
  ['us-gov-', 'aws-us-gov'],
  ['us-iso-', 'aws-iso'],
  ['us-isob-', 'aws-iso-b'],
  ['us-isof-', 'aws-iso-f'],
  ['eu-isoe-', 'aws-iso-e'],
  ['eusc-', 'aws-eusc'],
]

/** Region of the bucket, and the partition that it is in. */
export function placeOf(options: CheckedS3Options): { region: string | undefined; partition: string } {
  const server = serverOf(options)
  const [, ofArn, regionOfArn] = /^arn:([^:]+):s3:([^:]+):/.exec(options.bucket) ?? []
  const region = regionOfArn ?? options.region ?? server.region
  // Other servers know their buckets as `aws` alone, whatever they call their regions.
  const partition = server.isAmazon ? partitions.find(([prefix]) => region?.startsWith(prefix))?.[1] : undefined
  return { region, partition: ofArn ?? partition ?? 'aws' }
}

/** ARNs of a bucket or access point, and of the objects below the root directory. */
export function resourceOf(options: CheckedS3Options): StorageResource {
  const { bucket, rootDirectory } = options
  const root = new KeyMapper(rootDirectory).prefix('/')
  // In a policy these would be wildcards and variables.
  const literal = root.replaceAll(/[*?$]/g, character => `\${${character}}`)
  if (bucket.startsWith('arn:')) return { container: bucket, files: `${bucket}/object/${literal}*` }
  const container = `arn:${placeOf(options).partition}:s3:::${bucket}`
  return { container, files: `${container}/${literal}*` }
}
