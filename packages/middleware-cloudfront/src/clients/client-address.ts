import type { UrlClient } from '@longshore/middleware-core'
import { hopsOfForwarded, hopsOfXForwardedFor, parseNode } from './client-forwarded.ts'
import { type IpAddress, formatIp } from './ip-address.ts'
import type { IpRanges } from './ip-ranges.ts'

/**
 * The address that a request really came from, as far as the connection and the proxies in `trusted` vouch for it;
 * undefined when nobody does.
 *
 * The other end of the connection is certain. What it says of the hop before it counts only if it is trusted itself, and
 * so on from the nearest hop to the first one that is not trusted: the client. What stands before that in a header was
 * written by the client and counts for nothing. Where every hop is trusted, the farthest is the client.
 *
 * A proxy that adds to one of the two headers lets the other through as the client wrote it, so when both are there they
 * must lead to the same address.
 */
export function clientAddress(client: UrlClient | undefined, trusted: IpRanges): IpAddress | undefined {
  if (client?.ip === undefined) return undefined
  const peer = parseNode(client.ip)
  if (peer === undefined || !trusted.has(peer)) return peer
  const xForwardedFor = headerText(client.xForwardedFor)
  const forwarded = headerText(client.forwarded)
  const byX = xForwardedFor === '' ? peer : farthest(peer, hopsOfXForwardedFor(xForwardedFor), trusted)
  if (forwarded === '') return byX
  const byForwarded = farthest(peer, hopsOfForwarded(forwarded) ?? [undefined], trusted)
  return xForwardedFor === '' || isSame(byX, byForwarded) ? byForwarded : undefined
}

/** The first hop that is not trusted, or else the last one; undefined when it has no address. */
function farthest(peer: IpAddress, hops: Iterable<IpAddress | undefined>, trusted: IpRanges): IpAddress | undefined {
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

function isSame(one: IpAddress | undefined, other: IpAddress | undefined): boolean {
  return one !== undefined && other !== undefined && formatIp(one) === formatIp(other)
}
