import { fileURLToPath } from 'node:url'
import { type ServerProcess, startNodeServer } from './node-server.ts'

const program = fileURLToPath(new URL('../constant-redirect.js', import.meta.url))

/** Starts a bare Fastify that answers everything with a 307 to `location`. */
export function startBareFastify(location: string): Promise<ServerProcess> {
  return startNodeServer(program, async port => [String(port), location])
}
