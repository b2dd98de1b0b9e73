import type { CorsRules } from './cors.ts'

/** A rule of a lifecycle, in days. At least one of its numbers is there. */
export interface LifecycleRule {
  id: string
  /** Of the keys that it is for; every key by default. */
  prefix?: string
  /** Default `Enabled`. */
  status?: 'Enabled' | 'Disabled'
  abortIncompleteMultipartUploadDays?: number
  expirationDays?: number
}

/** `PublicAccessBlockConfiguration`. */
export interface PublicAccessBlock {
  blockPublicAcls: boolean
  ignorePublicAcls: boolean
  blockPublicPolicy: boolean
  restrictPublicBuckets: boolean
}

/**
 * Configuration of every bucket. Assign to its fields at any time. The defaults are those of a new bucket of AWS. Beside what
 * `objectOwnership`, `objectLock` and `cors` say of themselves it is there to be read: nothing becomes public, expires or has versions.
 */
export interface BucketSettings {
  /** Block Public Access of the bucket: all four by default; undefined is 404 NoSuchPublicAccessBlockConfiguration. */
  publicAccessBlock: PublicAccessBlock | undefined
  /**
   * Object Ownership: `BucketOwnerEnforced` by default, where any ACL but bucket-owner-full-control is AccessControlListNotSupported.
   * Undefined, as in buckets from before 2021, is 404 OwnershipControlsNotFoundError, and ACLs are accepted.
   */
  objectOwnership: 'BucketOwnerEnforced' | 'BucketOwnerPreferred' | 'ObjectWriter' | undefined
  /** Undefined, the default, is a bucket that never had versions. */
  versioning: 'Enabled' | 'Suspended' | undefined
  /** None by default: 404 NoSuchLifecycleConfiguration. */
  lifecycleRules: readonly LifecycleRule[]
  /** Default encryption; S3's own keys by default. */
  encryption: 'AES256' | 'aws:kms' | 'aws:kms:dsse'
  /** Answer of GetBucketPolicyStatus. Without any action for CloudFront there is no policy: 404 NoSuchBucketPolicy. False by default. */
  isPolicyPublic: boolean
  /**
   * Object Lock with a default retention, which makes PutObject and UploadPart need Content-MD5 or a checksum. False by default: 404
   * ObjectLockConfigurationNotFoundError.
   */
  objectLock: boolean
  /** Web pages that may send requests. None by default: 404 NoSuchCORSConfiguration. */
  cors: CorsRules | undefined
}

export function newBucketSettings(): BucketSettings {
  return {
    publicAccessBlock: {
      blockPublicAcls: true,
      ignorePublicAcls: true,
      blockPublicPolicy: true,
      restrictPublicBuckets: true,
    },
    objectOwnership: 'BucketOwnerEnforced',
    versioning: undefined,
    lifecycleRules: [],
    encryption: 'AES256',
    isPolicyPublic: false,
    objectLock: false,
    cors: undefined,
  }
}
