import type { Authentication } from '../../signature/authentication.ts'
import type { Credentials } from '../../signature/credentials.ts'
import type { Call, Cloud } from '../call.ts'
import { type S3Error, s3Error } from '../../errors.ts'
import type { OperationName } from '../routes.ts'
import { type S3Action, actionsOf } from './actions.ts'

/** Actions that are allowed on every bucket. Assign to its fields at any time. */
export interface Permissions {
  /** Actions that the policy of users does not allow. None by default. */
  deny: readonly S3Action[]
  /**
   * Actions that the bucket's policy grants to a distribution with origin access control. `s3:GetObject` by default, as AWS's own
   * example has it: what is not there is then 403 AccessDenied, and 404 NoSuchKey with `s3:ListBucket`, too. Empty is a policy that
   * has forgotten the distribution.
   */
  cloudFront: readonly S3Action[]
}

/** Principal `cloudfront.amazonaws.com`, which signs with origin access control. Every S3 endpoint here knows it. */
export const CLOUDFRONT_CREDENTIALS: Credentials = {
  accessKeyId: 'localCloudFront',
  secretAccessKey: 'localCloudFrontSecret',
}

export function defaultPermissions(): Permissions {
  return { deny: [], cloudFront: ['s3:GetObject'] }
}

/** Throws AccessDenied where the request's operation needs an action that is not allowed. */
export function requirePermissions(operation: OperationName, call: Call): void {
  const { bucket, key } = call.request
  for (const action of actionsOf(operation, call.request)) requireAction(call, action, bucket, key)
}

export function requireAction(call: Call, action: S3Action, bucket: string | undefined, key?: string): void {
  const denied = denialOf(call, action, bucket, key)
  if (denied) throw denied
}

/** Principal of a request, and the permissions that it is held against. */
export interface Caller {
  cloud: Pick<Cloud, 'permissions'>
  authentication: Pick<Authentication, 'accessKeyId'>
}

/** AccessDenied, or undefined where the action is allowed. */
export function denialOf(
  { cloud, authentication }: Caller,
  action: S3Action,
  bucket: string | undefined,
  key?: string,
): S3Error | undefined {
  const { accessKeyId } = authentication
  const { deny, cloudFront } = cloud.permissions
  if (accessKeyId === CLOUDFRONT_CREDENTIALS.accessKeyId) {
    return cloudFront.includes(action) ? undefined : s3Error('AccessDenied', 'Access Denied')
  }
  if (!deny.includes(action)) return undefined
  const resource = [bucket ?? '*', ...(key === undefined ? [] : [key])].join('/')
  // "Access denied message examples and how to troubleshoot them" (S3 User Guide): of an implicit denial by a policy of the user.
  return s3Error(
    'AccessDenied',
    `User: arn:aws:iam::123456789012:user/${accessKeyId} is not authorized to perform: ${action} on resource: ` +
      `"arn:aws:s3:::${resource}" because no identity-based policy allows the ${action} action`,
  )
}

/**
 * Error for a key that is not there. "If you have the s3:ListBucket permission on the bucket, Amazon S3 returns an HTTP status code 404
 * (Not Found) error. If you don't, ... 403 (Access Denied)" (GetObject, HeadObject).
 */
export function noSuchKey(call: Call, bucket: string, key: string): S3Error {
  return (
    denialOf(call, 's3:ListBucket', bucket) ?? s3Error('NoSuchKey', 'The specified key does not exist.', { Key: key })
  )
}
