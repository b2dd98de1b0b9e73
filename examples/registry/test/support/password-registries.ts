import { afterEach } from '@jest/globals'
import bcrypt from 'bcrypt'
import { basic } from './client.ts'
import { type Folder, temporaryFolder } from './folder.ts'
import { type GuardedRegistry, startGuarded } from './guarded-registry.ts'

/** Registries of one test with a file of passwords each: `htpasswd` in the folder. */
export interface PasswordRegistries {
  readonly folder: Folder
  start(file: string, realm?: string): Promise<GuardedRegistry>
}

/** Sets up a folder and registries for each test of the file that calls this; all are gone after it. */
export function passwordRegistries(): PasswordRegistries {
  const folder = temporaryFolder()
  let registries: GuardedRegistry[] = []
  afterEach(async () => {
    for (const registry of registries) await registry[Symbol.asyncDispose]()
    registries = []
  })
  return {
    folder,
    async start(file, realm = 'the registry') {
      await folder.write('htpasswd', file)
      const path = JSON.stringify(folder.file('htpasswd'))
      const registry = await startGuarded(`auth: { htpasswd: { realm: ${JSON.stringify(realm)}, path: ${path} } }`)
      registries.push(registry)
      return registry
    },
  }
}

/** A line as `htpasswd -nB` prints it. */
export async function entry(user: string, password: string, { cost = 4, version = 'y' } = {}): Promise<string> {
  return `${user}:${(await bcrypt.hash(password, cost)).replace('$2b$', `$2${version}$`)}\n`
}

/** The status of `/v2/` for this user. */
export async function statusOf({ url }: { url: string }, user: string, password: string): Promise<number> {
  const { status } = await fetch(`${url}/v2/`, { headers: basic(user, password) })
  return status
}
