import type { AddressInfo } from 'node:net'
import type { Address, SocketAddress } from '../config/address.ts'
import { ListenError } from './listen-error.ts'
import { freeSocket } from './unix-socket.ts'

/** Server that can listen: one of Fastify, or several that share an address. */
export interface Listener {
  listen(address: Address | SocketAddress): Promise<unknown>
  readonly server: { address(): AddressInfo | string | null }
}

/**
 * Lets a server listen. `advice` says how another address is chosen.
 *
 * @returns host and port as clients on this machine write them, or `unix:/run/registry.sock`
 */
export async function listen(
  listener: Listener,
  address: Address | SocketAddress,
  advice: Advice = { host: '--host', port: '--port' },
): Promise<string> {
  const where = authorityOf(address)
  try {
    if ('path' in address) await freeSocket(address.path)
    await listener.listen(address)
  } catch (error) {
    throw listenError(error, where, 'path' in address ? socketProblems : addressProblems(advice))
  }
  if ('path' in address) return where
  const { address: listening, port: taken } = listener.server.address() as AddressInfo
  return authorityOf({ host: ['0.0.0.0', '::'].includes(listening) ? '127.0.0.1' : listening, port: taken })
}

/** Options by which the user chooses another host, and another port. */
export interface Advice {
  readonly host: string
  readonly port: string
}

function authorityOf(address: Address | SocketAddress): string {
  if ('path' in address) return `unix:${address.path}`
  const { host, port } = address
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

type Problems = Readonly<Record<string, string>>

function addressProblems({ host, port }: Advice): Problems {
  return {
    EADDRINUSE: `the port is in use; choose another one with ${port}`,
    EACCES: `no permission to use the port; choose one from 1024 on with ${port}`,
    EADDRNOTAVAIL: `this machine has no such address; choose another one with ${host}`,
    ENOTFOUND: `there is no such host; choose another one with ${host}`,
  }
}

const socketProblems: Problems = {
  // Also where there is no such folder.
  EACCES: 'nothing can be made in that folder; choose another one with http.addr',
  ENOTDIR: 'there is no such folder; choose another one with http.addr',
  EADDRINUSE: 'another process listens there; choose another path with http.addr',
}

function listenError(error: unknown, where: string, problems: Problems): unknown {
  const problem = problems[(error as NodeJS.ErrnoException).code ?? '']
  return problem === undefined ? error : new ListenError(`Cannot listen on ${where}: ${problem}`, { cause: error })
}
