import type { AddressInfo } from 'node:net'
import { type Config, createStorage } from '@longshore/middleware-core'
import { type Address, registrySettings } from './config.ts'
import { createRegistry } from './registry.ts'
import type { OnRequest } from './request-report.ts'

/** How long requests may go on after the registry was asked to stop. Cut-off uploads can be continued. */
const graceMilliseconds = 5_000

/** A registry that listens. Disposing of it ends its requests, then its storage. */
export interface RunningRegistry extends AsyncDisposable {
  /** Host and port as clients write them: `127.0.0.1:5000`. */
  readonly authority: string
}

/** The registry cannot listen where it should. Its message says all that a user needs to know. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/** Runs what a configuration describes. `address` takes precedence over the one in it. */
export async function runRegistry(
  config: Config,
  { address: given, onRequest }: { address: Partial<Address>; onRequest: OnRequest },
): Promise<RunningRegistry> {
  const { address, deletes, redirects } = registrySettings(config)
  const { host, port } = { ...address, ...given }
  const storage = await createStorage(config)
  const app = createRegistry(storage, { deletes, redirects, onRequest })
  const close = async (): Promise<void> => {
    const impatience = setTimeout(() => app.server.closeAllConnections(), graceMilliseconds)
    await app.close()
    clearTimeout(impatience)
    await storage[Symbol.asyncDispose]()
  }
  try {
    await app.listen({ host, port })
  } catch (error) {
    await close()
    throw listenError(error, authority(host, port))
  }
  const { address: listening, port: taken } = app.server.address() as AddressInfo
  const reachable = ['0.0.0.0', '::'].includes(listening) ? '127.0.0.1' : listening
  return { authority: authority(reachable, taken), [Symbol.asyncDispose]: close }
}

function authority(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

const listenProblems: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; choose another one with --port',
  EACCES: 'no permission to use the port; choose one from 1024 on with --port',
  EADDRNOTAVAIL: 'this machine has no such address; choose another one with --host',
  ENOTFOUND: 'there is no such host; choose another one with --host',
}

function listenError(error: unknown, where: string): unknown {
  const problem = listenProblems[(error as NodeJS.ErrnoException).code ?? '']
  return problem === undefined ? error : new ListenError(`Cannot listen on ${where}: ${problem}`, { cause: error })
}
