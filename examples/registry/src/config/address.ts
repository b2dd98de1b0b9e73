import { option } from '@longshore/middleware-core'

/** Address on which a server listens. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** Option for an address as Go writes it: `127.0.0.1:5000`, `[::1]:5000`, `:5000`. */
export function addressOption() {
  const accepted = 'a host and a port, such as 127.0.0.1:5000, or :5000 for every address'
  return option.text({ accepted, matches: isAddress })
}

function isAddress(text: string): boolean {
  const [, port] = /^(?:\[[0-9a-fA-F:.]+\]|[^:[\]/]*):(\d{1,5})$/.exec(text) ?? []
  return port !== undefined && Number(port) <= 65_535
}

/** Parses Go's form of an address: an empty host means all of them. */
export function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(':')
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  return { host: host || '0.0.0.0', port: Number(text.slice(colon + 1)) }
}
