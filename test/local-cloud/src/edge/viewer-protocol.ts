import type { IncomingMessage } from 'node:http'
import type { Distribution } from './distribution.ts'

/** Answer to a request over HTTP that may not go on. */
export type ProtocolAnswer = { kind: 'refused' } | { kind: 'redirect'; status: 301 | 307; location: string }

/**
 * Answer by the viewer protocol policy, for a request over HTTP. `redirect-to-https` redirects GET and HEAD with 301 and other methods with 307, and
 * refuses the latter in HTTP 1.0 ("Viewer protocol policy", CloudFront Developer Guide). Undefined where the request goes on.
 */
export function protocolAnswer(
  { method = '', httpVersion, url = '/' }: IncomingMessage,
  { viewerProtocol }: Distribution,
  httpsOrigin: string,
): ProtocolAnswer | undefined {
  if (viewerProtocol === 'allow-all') return undefined
  const isRead = method === 'GET' || method === 'HEAD'
  if (viewerProtocol === 'https-only' || (!isRead && httpVersion === '1.0')) return { kind: 'refused' }
  return { kind: 'redirect', status: isRead ? 301 : 307, location: httpsOrigin + url }
}
