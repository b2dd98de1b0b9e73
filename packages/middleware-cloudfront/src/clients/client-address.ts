import type { UrlClient } from '@longshore/middleware-core'
import { hopsOfForwarded, hopsOfXForwardedFor, parseNode } from './client-forwarded.ts'
import { type IpAddress, formatIp } from './ip-address.ts'
import type { IpRanges } from './ip-ranges.ts'

/**
 * Address of the client that a request came from, as the connection and the proxies in `trusted` vouch for it; undefined when
 * none of them does.
 *
 * The peer of the connection is certain. The hop that it names counts only if the peer is a trusted proxy, and so on from the
 * nearest hop to the first one that is not trusted: the client. Whatever stands before that in a header was written by the
 * client and is ignored. Where every hop is trusted, the farthest is the client.
 *
 * A proxy that adds to one of the two headers lets the other through as the client wrote it, so where both are there they must
 * lead to the same address.
 */
export function clientAddress(client: UrlClient | undefined, trusted: IpRanges): IpAddress | undefined {
  if (client?.ip === undefined) return undefined
  const peer = parseNode(client.ip)
  if (peer === undefined || !trusted.has(peer)) return peer
  const xForwardedFor = headerText(client.xForwardedFor)
  const forwarded = headerText(client.forwarded)
  const byXForwardedFor =
    xForwardedFor === '' ? peer : firstUntrusted(peer, hopsOfXForwardedFor(xForwardedFor), trusted)
  if (forwarded === '') return byXForwardedFor
  const byForwarded = firstUntrusted(peer, hopsOfForwarded(forwarded) ?? [undefined], trusted)
  return xForwardedFor === '' || isSameAddress(byXForwardedFor, byForwarded) ? byForwarded : undefined
}

/** First hop that is not trusted, or else the farthest one; undefined when it has no address. */
function firstUntrusted(
  peer: IpAddress,
  hops: Iterable<IpAddress | undefined>,
  trusted: IpRanges,
): IpAddress | undefined {
  let address = peer
  for (const hop of hops) {
    if (hop === undefined || !trusted.has(hop)) return hop
    address = hop
  }
  return address
}

function headerText(header: string | readonly string[] | undefined): string {
  return typeof header === 'string' ? header.trim() : (header ?? []).join(',').trim()
}

function isSameAddress(one: IpAddress | undefined, other: IpAddress | undefined): boolean {
  return one !== undefined && other !== undefined && formatIp(one) === formatIp(other)
}
