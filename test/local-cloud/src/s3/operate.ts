import type { Credentials } from '../signature/credentials.ts'
import { s3Error } from '../errors.ts'
import { authenticate } from './authenticate.ts'
import type { Answer, Cloud } from './call.ts'
import { redirectToRegion } from './global-name.ts'
import { isPostedForm, postObject } from './operations/post-object.ts'
import { requirePermissions } from './permissions/permissions.ts'
import { checkRequest } from './request-rules/check-request.ts'
import type { S3Request } from './request.ts'
import { operationNamed, route } from './routes.ts'

/** Credentials that may do everything, and the one region that signatures may name; any where it is absent. */
export interface Access {
  keys: ReadonlyMap<string, Credentials>
  region: string | undefined
}

/** Checks a request as S3 does, and does it. Rejects with what S3 would answer instead. */
export async function operate(cloud: Cloud, request: S3Request, { keys, region }: Access): Promise<Answer> {
  redirectToRegion(request, cloud.region)
  const now = cloud.now()
  if (isPostedForm(request)) return postObject(cloud, request, keys, now)
  const authentication = authenticate(request, { credentials: keys, region, now })
  const operation = route(request)
  if (operation === undefined) {
    throw s3Error('NotImplemented', 'A header or query you provided implies functionality that is not implemented')
  }
  const call = { request, authentication, cloud }
  if (request.bucket === undefined || operation === 'CreateBucket' || cloud.buckets.has(request.bucket)) {
    requirePermissions(operation, call)
  }
  checkRequest(operation, request, { authentication, settings: cloud.bucketSettings })
  return await operationNamed(operation)(call)
}
