import { header } from '../signature/authentication.ts'
import type { Authentication, SignedRequest, Verification } from '../signature/authentication.ts'
import { verifyV2Header, verifyV2Query } from '../signature/v2-verify.ts'
import { ALGORITHM } from '../signature/v4.ts'
import { verifyV4Header, verifyV4Query } from '../signature/v4-verify.ts'
import { s3Error } from '../errors.ts'

/** Everything must be signed, in one of the four ways S3 knows. */
export function authenticate(request: SignedRequest, verification: Verification): Authentication {
  const authorization = header(request, 'authorization')
  const inQuery = request.query.has('X-Amz-Algorithm') || request.query.has('X-Amz-Signature')
  if (authorization !== undefined) {
    // A registry's bearer token that follows a redirect to a presigned URL ends here, as it does at AWS.
    if (inQuery || request.query.has('AWSAccessKeyId')) {
      throw s3Error('InvalidArgument', 'Only one auth mechanism allowed')
    }
    if (authorization.startsWith(ALGORITHM)) return verifyV4Header(request, verification)
    if (authorization.startsWith('AWS ')) return verifyV2Header(request, verification)
    throw s3Error('InvalidArgument', 'Unsupported Authorization Type')
  }
  if (inQuery) return verifyV4Query(request, verification)
  if (request.query.has('AWSAccessKeyId')) return verifyV2Query(request, verification)
  throw s3Error('AccessDenied', 'Access Denied')
}
