/**
 * CloudFront Function (runtime cloudfront-js-2.0) for a distribution that serves a registry's blobs. One function for both
 * viewer events. It reads no body, reaches no network and keeps no state; the language is what the runtime documents.
 */

/** Path of a blob in the layout of CNCF Distribution, behind any root directory. */
const BLOB = /\/blobs\/(sha256|sha512)\/([0-9a-f]{2})\/([0-9a-f]+)\/data$/

const HEX_DIGITS = { sha256: 64, sha512: 128 }

function handler(event) {
  if (event.context.eventType === 'viewer-request') return onRequest(event.request)
  return onResponse(event.request, event.response)
}

function onRequest(request) {
  if (request.method === 'OPTIONS') return answerPreflight()
  // A client that follows a redirect with the registry's token must not show it to S3, which answers 400 to a second signature.
  delete request.headers.authorization
  // S3 reads no cookies. CloudFront's own stay: no document says that it has read them before this function runs.
  for (const name in request.cookies) {
    if (name.indexOf('CloudFront-') !== 0) delete request.cookies[name]
  }
  return request
}

/** Pages of any origin may read what a signature opens: they send no cookies along, which `*` excludes. */
function answerPreflight() {
  return {
    statusCode: 204,
    statusDescription: 'No Content',
    headers: {
      'access-control-allow-origin': { value: '*' },
      'access-control-allow-methods': { value: 'GET, HEAD' },
      // The wildcard covers every name but Authorization.
      'access-control-allow-headers': { value: '*, Authorization' },
      'access-control-max-age': { value: '7200' },
    },
  }
}

/** Runs for answers below 400 only. ETag, Last-Modified and the rest stay as S3 sent them, for ranges and revalidation. */
function onResponse(request, response) {
  const headers = response.headers
  const digest = digestOf(request.uri)
  if (digest) headers['docker-content-digest'] = { value: digest }
  headers['access-control-allow-origin'] = { value: '*' }
  headers['access-control-expose-headers'] = {
    value: 'Accept-Ranges, Content-Length, Content-Range, Docker-Content-Digest, ETag, Last-Modified',
  }
  return response
}

function digestOf(uri) {
  const found = BLOB.exec(uri)
  if (!found) return undefined
  const algorithm = found[1]
  const hex = found[3]
  const isBlob = hex.length === HEX_DIGITS[algorithm] && hex.slice(0, 2) === found[2]
  return isBlob ? algorithm + ':' + hex : undefined
}
