import { s3Error } from '../../errors.ts'
import { COPY_SOURCE, ENCRYPTION, EVERY_REQUEST } from './header-groups.ts'
import type { Rule } from './rule.ts'

/**
 * Headers that the operation does not have. AWS's text for one that it gives no meaning to is 501 NotImplemented, with the header
 * in `Header` (ceph/s3-tests#218: If-Match on PutObject before 2024). AWS lets some `x-amz-` headers pass that it does not know;
 * servers as S3Proxy do not, so that here none passes that is not in the S3 API Reference for the operation.
 */
export function onlyHeaders(listed: readonly string[]): Rule {
  const names = new Set([...EVERY_REQUEST, ...listed])
  const prefixes = listed.filter(name => name.endsWith('*')).map(name => name.slice(0, -1))
  return request => {
    for (const name of Object.keys(request.headers)) {
      if (!/^(?:x-amz-|if-)/.test(name) || names.has(name)) continue
      if (prefixes.some(prefix => name.startsWith(prefix))) continue
      if (ENCRYPTION.includes(name)) {
        // "Encryption request headers ... should not be sent for GET requests and HEAD requests": 400 (GetObject).
        throw s3Error('InvalidArgument', 'x-amz-server-side-encryption header is not supported for this operation.', {
          ArgumentName: name,
        })
      }
      if (COPY_SOURCE.includes(name)) {
        throw s3Error('InvalidArgument', 'You can only specify a copy source header for copy requests.', {
          ArgumentName: name,
        })
      }
      throw notImplemented(name)
    }
  }
}

export function notImplemented(header: string) {
  return s3Error('NotImplemented', 'A header you provided implies functionality that is not implemented', {
    Header: header,
  })
}
