import { type IpAddress, parseIp } from './ip-address.ts'

/** One step of a forwarded request: who sent it on, or undefined when that is not said or no address. */
type Hop = IpAddress | undefined

/**
 * The address in what both headers call a node: `192.0.2.1`, `192.0.2.1:4711`, `[2001:db8::1]`, `[2001:db8::1]:4711`, and
 * IPv6 without brackets. Undefined for `unknown`, an obfuscated name such as `_proxy1`, and everything else.
 */
export function parseNode(text: string): Hop {
  const address = parseIp(text)
  if (address !== undefined) return address
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([\d.]+))(?::(?:\d{1,5}|_[\w.-]+))?$/.exec(text) ?? []
  if (bracketed !== undefined) return bracketed.includes(':') ? parseIp(bracketed) : undefined
  return plain === undefined ? undefined : parseIp(plain)
}

/** The hops of an `X-Forwarded-For` header, the nearest first. Read as far as the caller goes on. */
export function* hopsOfXForwardedFor(header: string): Generator<Hop> {
  for (let end = header.length; end >= 0;) {
    const comma = end === 0 ? -1 : header.lastIndexOf(',', end - 1)
    const node = header.slice(comma + 1, end).trim()
    if (node !== '') yield parseNode(node)
    end = comma
  }
}

/** A parameter of a `Forwarded` element with what ends it. The value is a token or a quoted string. */
const parameter =
  /[ \t]*(?:([!#$%&'*+.^_`|~\w-]+)=(?:([!#$%&'*+.^_`|~\w:[\]-]+)|"((?:[^"\\]|\\.)*)")[ \t]*)?(?:([;,])|$)/y

/**
 * The hops of a `Forwarded` header (RFC 7239), the nearest first. Undefined when the header is malformed anywhere: a
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
