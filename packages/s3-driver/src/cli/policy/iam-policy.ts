import type { CheckedS3Options } from '../../options.ts'
import { placeOf, resourceOf } from './resource.ts'

/** A statement of a policy. */
interface Statement {
  readonly Effect: 'Allow'
  readonly Action: readonly string[]
  readonly Resource: string
  readonly Condition?: object
}

/** Policy with what the driver's requests need, and nothing else. */
export function iamPolicy(options: CheckedS3Options): { Version: string; Statement: Statement[] } {
  const { container, files } = resourceOf(options)
  const acl = options.objectAcl === undefined ? [] : ['s3:PutObjectAcl']
  const objects = [
    's3:PutObject',
    's3:GetObject',
    's3:DeleteObject',
    's3:ListMultipartUploadParts',
    's3:AbortMultipartUpload',
  ]
  const key = keyStatement(options)
  return {
    Version: '2012-10-17',
    Statement: [
      // Not for prefixes alone: the health check asks for the bucket, which has none.
      { Effect: 'Allow', Action: ['s3:ListBucket', 's3:ListBucketMultipartUploads'], Resource: container },
      { Effect: 'Allow', Action: [...objects, ...acl], Resource: files },
      ...(key ? [key] : []),
    ],
  }
}

/** Use of the key that encrypts new objects. IAM knows keys by their ARNs, and aliases in a condition alone. */
function keyStatement(options: CheckedS3Options): Statement | undefined {
  const { encrypt, keyId } = options
  if (!encrypt || keyId === undefined) return undefined
  const { partition, region = '*' } = placeOf(options)
  const statement = { Effect: 'Allow', Action: ['kms:GenerateDataKey', 'kms:Decrypt'] } as const
  const [, ofArn, alias] = /^(?:(arn:[^:]+:kms:[^:]*:[^:]*:))?(alias\/.+)$/.exec(keyId) ?? []
  if (alias !== undefined) {
    const Condition = { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': alias } }
    return { ...statement, Resource: `${ofArn ?? `arn:${partition}:kms:${region}:*:`}key/*`, Condition }
  }
  return { ...statement, Resource: keyId.startsWith('arn:') ? keyId : `arn:${partition}:kms:${region}:*:key/${keyId}` }
}
