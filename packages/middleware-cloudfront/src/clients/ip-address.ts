/**
 * IP address as its 32-bit words, the most significant first: one for IPv4, four for IPv6. An IPv4-mapped IPv6 address
 * (`::ffff:192.0.2.1`, which a dual-stack socket reports for an IPv4 client) is the IPv4 address.
 */
export type IpAddress = readonly number[]

/**
 * Parses an address: dotted IPv4 without leading zeros, or IPv6 in any of its forms, with or without a zone (`%eth0`),
 * which is left out. Undefined for everything else. Written for the path of every request: no regular expressions.
 */
export function parseIp(text: string): IpAddress | undefined {
  const ipv4 = parseIpv4(text, 0, text.length)
  return ipv4 === undefined ? parseIpv6(text) : [ipv4]
}

/** Formats an address: dotted IPv4, or the eight groups of IPv6 without leading zeros. */
export function formatIp(address: IpAddress): string {
  const [ipv4] = address
  if (address.length === 1 && ipv4 !== undefined) {
    return `${ipv4 >>> 24}.${(ipv4 >>> 16) & 255}.${(ipv4 >>> 8) & 255}.${ipv4 & 255}`
  }
  return address.map(word => `${(word >>> 16).toString(16)}:${(word & 0xffff).toString(16)}`).join(':')
}

const dot = 46
const zero = 48
const colon = 58

function parseIpv4(text: string, start: number, end: number): number | undefined {
  let address = 0
  let byte = 0
  let digits = 0
  let dots = 0
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code === dot) {
      if (digits === 0) return undefined
      address = address * 256 + byte
      byte = digits = 0
      dots++
      continue
    }
    const digit = code - zero
    // A second digit after a zero is octal to some and decimal to others.
    if (digit < 0 || digit > 9 || (digits > 0 && byte === 0)) return undefined
    byte = byte * 10 + digit
    if (byte > 255) return undefined
    digits++
  }
  return dots === 3 && digits > 0 ? address * 256 + byte : undefined
}

/** Groups of the address that is being parsed. Parsing is synchronous, so one array serves every call. */
const groups = new Uint16Array(8)

function parseIpv6(text: string): IpAddress | undefined {
  const zone = text.indexOf('%')
  if (zone === text.length - 1) return undefined
  const end = zone < 0 ? text.length : zone
  let count = 0
  /** Number of groups before the `::`; -1 without one. */
  let gap = -1
  let at = 0
  if (text.charCodeAt(0) === colon) {
    if (text.charCodeAt(1) !== colon) return undefined
    gap = 0
    at = 2
  }
  while (at < end) {
    if (count === 8) return undefined
    const start = at
    let group = 0
    for (; at < end; at++) {
      const digit = hexDigit(text.charCodeAt(at))
      if (digit < 0) break
      group = (group << 4) | digit
    }
    if (at < end && text.charCodeAt(at) === dot) {
      const ipv4 = parseIpv4(text, start, end)
      if (ipv4 === undefined || count > 6) return undefined
      groups[count++] = ipv4 >>> 16
      groups[count++] = ipv4
      break
    }
    if (at === start || at - start > 4) return undefined
    groups[count++] = group
    if (at === end) break
    if (text.charCodeAt(at) !== colon || at + 1 === end) return undefined
    at++
    if (text.charCodeAt(at) === colon) {
      if (gap >= 0) return undefined
      gap = count
      at++
    }
  }
  if (gap < 0 ? count < 8 : count === 8) return undefined
  if (gap >= 0) openGap(gap, count)
  const [first, second, third, fourth] = [wordAt(0), wordAt(2), wordAt(4), wordAt(6)]
  const isMapped = first === 0 && second === 0 && third === 0xffff
  return isMapped ? [fourth] : [first, second, third, fourth]
}

/** Moves the groups behind the `::` to the end, and puts zeros in between. */
function openGap(gap: number, count: number): void {
  const missing = 8 - count
  for (let group = 7; group >= gap; group--)
    groups[group] = group - missing < gap ? 0 : (groups[group - missing] as number)
}

function wordAt(group: number): number {
  return (groups[group] as number) * 0x10000 + (groups[group + 1] as number)
}

/** Value of a hexadecimal digit; -1 for another character. */
function hexDigit(code: number): number {
  if (code >= zero && code <= 57) return code - zero
  const lower = code | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}
