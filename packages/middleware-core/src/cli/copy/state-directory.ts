import { createHash } from 'node:crypto'
import { access, mkdir } from 'node:fs/promises'
import { constants } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '../../config/environment.ts'
import { localError } from '../context/local-error.ts'

/** The place for state that a program keeps between its runs: https://specifications.freedesktop.org/basedir-spec/latest/ */
export function stateDirectory(env: Environment): string {
  const home = env['HOME'] ?? homedir()
  const local = process.platform === 'win32' ? env['LOCALAPPDATA'] : env['XDG_STATE_HOME']
  return join(local || join(home, '.local', 'state'), 'longshore')
}

/** Name of a file for what these texts together stand for: 32 hexadecimal digits. */
export function stateName(what: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 32)
}

/** Makes a directory for state. Tells why nothing can be kept there, as on a file system that is read-only; undefined where it can. */
export async function problemWith(directory: string): Promise<string | undefined> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await access(directory, constants.W_OK)
    return undefined
  } catch (error) {
    return (localError(error, directory) as Error).message
  }
}
