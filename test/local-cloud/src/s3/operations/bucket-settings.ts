import type { LifecycleRule } from '../bucket-settings.ts'
import type { Operation } from '../call.ts'
import { bucketOf, xml } from '../call.ts'
import { allowedMethods } from '../cors.ts'
import { s3Error } from '../../errors.ts'
import { type Markup, document, element, optional } from '../xml.ts'

// The codes of what is not there are in no list of AWS's but in its answers: "Error responses" has some, boto/boto3#3627 and
// terraform-provider-aws the others.

export const getPublicAccessBlock: Operation = call => {
  bucketOf(call)
  const { publicAccessBlock } = call.cloud.bucketSettings
  if (!publicAccessBlock) {
    throw s3Error('NoSuchPublicAccessBlockConfiguration', 'The public access block configuration was not found')
  }
  const { blockPublicAcls, ignorePublicAcls, blockPublicPolicy, restrictPublicBuckets } = publicAccessBlock
  return xml(
    document(
      'PublicAccessBlockConfiguration',
      element('BlockPublicAcls', blockPublicAcls),
      element('IgnorePublicAcls', ignorePublicAcls),
      element('BlockPublicPolicy', blockPublicPolicy),
      element('RestrictPublicBuckets', restrictPublicBuckets),
    ),
  )
}

export const getBucketOwnershipControls: Operation = call => {
  bucketOf(call)
  const { objectOwnership } = call.cloud.bucketSettings
  if (objectOwnership === undefined) {
    throw s3Error('OwnershipControlsNotFoundError', 'The bucket ownership controls were not found')
  }
  return xml(document('OwnershipControls', element('Rule', element('ObjectOwnership', objectOwnership))))
}

export const getBucketVersioning: Operation = call => {
  bucketOf(call)
  return xml(document('VersioningConfiguration', optional('Status', call.cloud.bucketSettings.versioning)))
}

export const getBucketLifecycleConfiguration: Operation = call => {
  bucketOf(call)
  const { lifecycleRules } = call.cloud.bucketSettings
  if (lifecycleRules.length === 0) {
    throw s3Error('NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist')
  }
  return xml(document('LifecycleConfiguration', ...lifecycleRules.map(lifecycleRule)), {
    'x-amz-transition-default-minimum-object-size': 'all_storage_classes_128K',
  })
}

function lifecycleRule(rule: LifecycleRule): Markup {
  const { abortIncompleteMultipartUploadDays: abortDays, expirationDays } = rule
  return element(
    'Rule',
    element('ID', rule.id),
    element('Filter', element('Prefix', rule.prefix ?? '')),
    element('Status', rule.status ?? 'Enabled'),
    abortDays === undefined
      ? undefined
      : element('AbortIncompleteMultipartUpload', element('DaysAfterInitiation', abortDays)),
    expirationDays === undefined ? undefined : element('Expiration', element('Days', expirationDays)),
  )
}

export const getBucketEncryption: Operation = call => {
  bucketOf(call)
  const { encryption } = call.cloud.bucketSettings
  const byDefault = element('ApplyServerSideEncryptionByDefault', element('SSEAlgorithm', encryption))
  return xml(
    document(
      'ServerSideEncryptionConfiguration',
      element('Rule', byDefault, element('BucketKeyEnabled', encryption !== 'AES256')),
    ),
  )
}

export const getBucketPolicyStatus: Operation = call => {
  bucketOf(call)
  const { permissions, bucketSettings } = call.cloud
  if (permissions.cloudFront.length === 0 && !bucketSettings.isPolicyPublic) {
    throw s3Error('NoSuchBucketPolicy', 'The bucket policy does not exist')
  }
  return xml(document('PolicyStatus', element('IsPublic', bucketSettings.isPolicyPublic)))
}

export const getObjectLockConfiguration: Operation = call => {
  bucketOf(call)
  if (!call.cloud.bucketSettings.objectLock) {
    throw s3Error('ObjectLockConfigurationNotFoundError', 'Object Lock configuration does not exist for this bucket')
  }
  const retention = element('DefaultRetention', element('Mode', 'GOVERNANCE'), element('Days', 1))
  return xml(document('ObjectLockConfiguration', element('ObjectLockEnabled', 'Enabled'), element('Rule', retention)))
}

export const getBucketCors: Operation = call => {
  bucketOf(call)
  const { cors } = call.cloud.bucketSettings
  if (!cors) throw s3Error('NoSuchCORSConfiguration', 'The CORS configuration does not exist')
  return xml(
    document(
      'CORSConfiguration',
      element(
        'CORSRule',
        ...cors.origins.map(origin => element('AllowedOrigin', origin)),
        ...allowedMethods(cors).map(method => element('AllowedMethod', method)),
        element('AllowedHeader', '*'),
        element('ExposeHeader', 'ETag'),
        element('MaxAgeSeconds', 3000),
      ),
    ),
  )
}
