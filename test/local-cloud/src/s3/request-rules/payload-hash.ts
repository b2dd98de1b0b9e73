import { s3Error } from '../../errors.ts'
import { EMPTY_SHA256 } from '../../signature/v4.ts'
import { invalid } from './checksum-headers.ts'
import type { S3Request } from '../request.ts'
import type { Rule } from './rule.ts'
import { textHeader } from './rule.ts'

/** Values of `x-amz-content-sha256` beside a hash ("Signature calculations for the Authorization header"). */
const PAYLOADS = [
  'UNSIGNED-PAYLOAD',
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
  'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD',
  'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER',
]

/** `content` is what an object or a part is made of, `document` is XML, `none` is no body. */
export type BodyKind = 'content' | 'document' | 'none'

/** The body that the operation has, and what the signature says of it. */
export function bodyIs(kind: BodyKind): Rule {
  return (request, { authentication: { payloadHash } }) => {
    if (!PAYLOADS.includes(payloadHash) && !/^[0-9a-f]{64}$/.test(payloadHash)) {
      throw s3Error('InvalidArgument', `x-amz-content-sha256 must be ${PAYLOADS.join(', ')} or a valid sha256 value.`, {
        ArgumentName: 'x-amz-content-sha256',
        ArgumentValue: payloadHash,
      })
    }
    if (textHeader(request, 'transfer-encoding') !== undefined && !isDecodedLengthKnown(request)) {
      // Automattic/knox#43, aws/aws-sdk-js-v3#3403: AWS takes no body of unknown length.
      throw s3Error('NotImplemented', 'A header you provided implies functionality that is not implemented', {
        Header: 'Transfer-Encoding',
      })
    }
    if (kind !== 'content' && payloadHash.startsWith('STREAMING-')) {
      throw invalid('The value of x-amz-content-sha256 header is invalid.')
    }
    if (kind !== 'none') return
    // Error responses, S3 API Reference: UnexpectedContent.
    if (Number(textHeader(request, 'content-length') ?? 0) > 0) {
      throw s3Error('UnexpectedContent', 'This request contains unsupported content.')
    }
    if (/^[0-9a-f]{64}$/.test(payloadHash) && payloadHash !== EMPTY_SHA256) {
      throw s3Error(
        'XAmzContentSHA256Mismatch',
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        { ClientComputedContentSHA256: payloadHash, S3ComputedContentSHA256: EMPTY_SHA256 },
      )
    }
  }
}

/** The SDKs send streams as `aws-chunked` with Transfer-Encoding, and the length that counts in a header of its own. */
function isDecodedLengthKnown(request: S3Request): boolean {
  return textHeader(request, 'x-amz-decoded-content-length') !== undefined
}
