import { ConfigError, option } from '@longshore/middleware-core'

/** Host and port on which a server listens. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** Unix socket on which a server listens. */
export interface SocketAddress {
  readonly path: string
}

/** Bytes of a socket's path that every system has room for. */
const MAX_SOCKET_PATH = 103

/** Option for an address as Go writes it: `127.0.0.1:5000`, `[::1]:5000`, `:5000`. */
export function addressOption() {
  return option.text({ accepted: addressAccepted, matches: isAddress })
}

export const addressAccepted = 'a host and a port, such as 127.0.0.1:5000, or :5000 for every address'
export const socketAccepted = `the path of a socket of at most ${MAX_SOCKET_PATH} bytes, such as /run/registry.sock`

export function isAddress(text: string): boolean {
  const [, port] = /^(?:\[[0-9a-fA-F:.]+\]|[^:[\]/]*):(\d{1,5})$/.exec(text) ?? []
  return port !== undefined && Number(port) <= 65_535
}

export function isSocketPath(text: string): boolean {
  return text.startsWith('/') && !text.includes('\0') && Buffer.byteLength(text) <= MAX_SOCKET_PATH
}

/** Parses Go's form of an address: an empty host means all of them. */
export function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(':')
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  return { host: host || '0.0.0.0', port: Number(text.slice(colon + 1)) }
}

/** Gives the address that a configuration and, over it, the command line choose. A socket has neither host nor port. */
export function chosenAddress(configured: Address | SocketAddress, given: Partial<Address>): Address | SocketAddress {
  if (!('path' in configured)) return { ...configured, ...given }
  const names = Object.keys(given).map(name => `--${name}`)
  if (names.length === 0) return configured
  const problem = `the registry listens on the socket ${configured.path}, which has none`
  throw new ConfigError(names.map(name => ({ option: [name], problem })))
}
