import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Place, storageSections } from '@longshore/e2e/registry-configuration'
import { type ServerProcess, startNodeServer } from './node-server.ts'

const program = fileURLToPath(new URL('dist/cli/main.js', import.meta.resolve('@longshore/registry/package.json')))

/** Starts the example registry as `npm start -- --config` does. */
export function startLongshore(directory: string, place: Place): Promise<ServerProcess> {
  return startNodeServer(program, async port => {
    const file = join(directory, `longshore-${randomUUID()}.yml`)
    await writeFile(file, `${storageSections(place)}http: { addr: '127.0.0.1:${port}' }\n`, { mode: 0o600 })
    return ['--config', file]
  })
}
