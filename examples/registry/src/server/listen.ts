import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Address } from '../config/address.ts'

/** Error of a server that cannot listen. Its message says all that a user needs to know. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/**
 * Lets a server listen. `advice` says how another address is chosen.
 *
 * @returns host and port as clients on this machine write them: `127.0.0.1:5000`
 */
export async function listen(app: FastifyInstance, { host, port }: Address, advice: Advice): Promise<string> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    throw listenError(error, authority(host, port), advice)
  }
  const { address: listening, port: taken } = app.server.address() as AddressInfo
  return authority(['0.0.0.0', '::'].includes(listening) ? '127.0.0.1' : listening, taken)
}

/** Options by which the user chooses another host, and another port. */
export interface Advice {
  readonly host: string
  readonly port: string
}

function authority(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function listenError(error: unknown, where: string, { host, port }: Advice): unknown {
  const problems: Readonly<Record<string, string>> = {
    EADDRINUSE: `the port is in use; choose another one with ${port}`,
    EACCES: `no permission to use the port; choose one from 1024 on with ${port}`,
    EADDRNOTAVAIL: `this machine has no such address; choose another one with ${host}`,
    ENOTFOUND: `there is no such host; choose another one with ${host}`,
  }
  const problem = problems[(error as NodeJS.ErrnoException).code ?? '']
  return problem === undefined ? error : new ListenError(`Cannot listen on ${where}: ${problem}`, { cause: error })
}
