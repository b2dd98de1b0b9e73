import { type IpAddress, parseIp } from './ip-address.ts'

/** Address of one hop of a forwarded request; undefined when the header gives none. */
type Hop = IpAddress | undefined

/**
 * Parses a node of either header: `192.0.2.1`, `192.0.2.1:4711`, `[2001:db8::1]`, `[2001:db8::1]:4711`, and
 * IPv6 without brackets. Undefined for `unknown`, an obfuscated name such as `_proxy1`, and everything else.
 */
export function parseNode(text: string): Hop {
  const address = parseIp(text)
  if (address !== undefined) return address
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([\d.]+))(?::(?:\d{1,5}|_[\w.-]+))?$/.exec(text) ?? []
  if (bracketed !== undefined) return bracketed.includes(':') ? parseIp(bracketed) : undefined
  return plain === undefined ? undefined : parseIp(plain)
}

/** Hops of an `X-Forwarded-For` header, the nearest first, parsed one by one. */
export function* hopsOfXForwardedFor(header: string): Generator<Hop> {
  for (let end = header.length; end >= 0;) {
    const comma = end === 0 ? -1 : header.lastIndexOf(',', end - 1)
    const node = header.slice(comma + 1, end).trim()
    if (node !== '') yield parseNode(node)
    end = comma
  }
}

/** Parameter of a `Forwarded` element with its separator. The value is a token or a quoted string. */
const parameter =
  /[ \t]*(?:([!#$%&'*+.^_`|~\w-]+)=(?:([!#$%&'*+.^_`|~\w:[\]-]+)|"((?:[^"\\]|\\.)*)")[ \t]*)?(?:([;,])|$)/y

/**
 * Hops of a `Forwarded` header (RFC 7239), the nearest first. Undefined when the header is malformed anywhere: a
 * sender could otherwise hide what a proxy added behind an open quote. (Node names and ports in a token without quotes,
 * which the grammar forbids, are common and do no harm.)
 */
export function hopsOfForwarded(header: string): Hop[] | undefined {
  const hops: Hop[] = []
  let element: Map<string, string> = new Map()
  parameter.lastIndex = 0
  for (;;) {
    const match = parameter.exec(header)
    if (match === null) return undefined
    const [, name = '', token, quoted = '', separator] = match
    if (element.has(name.toLowerCase())) return undefined
    if (name !== '') element.set(name.toLowerCase(), token ?? quoted.replaceAll(/\\(.)/g, '$1'))
    if (separator === ';') continue
    if (element.size > 0) hops.push(parseNode(element.get('for') ?? ''))
    if (separator === undefined) return hops.toReversed()
    element = new Map()
  }
}
