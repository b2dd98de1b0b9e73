import { readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '../../config/environment.ts'
import { problemWith, stateDirectory, stateName } from './state-directory.ts'

/** Upload that is under way or was interrupted, as this machine remembers it. */
export interface UploadRecord {
  /** Path of the upload in the storage, which no other upload has. */
  readonly uploadPath: string
  /** {@link Source.identity} of what is uploaded. */
  readonly identity: string
  /** Revision of the upload's bytes when it was closed; undefined while it is written, and after a crash. */
  readonly revision?: string | undefined
  /** True where some of the bytes were found without a revision. */
  readonly isDoubtful?: boolean | undefined
}

/** Records of the uploads of one file to one place, a file each, whose name ends with the process that is at it. */
export class UploadRecords {
  readonly #directory: string
  readonly #key: string

  constructor(env: Environment, what: readonly string[]) {
    this.#directory = join(stateDirectory(env), 'uploads')
    this.#key = stateName([hostname(), ...what])
  }

  /** Tells why nothing can be remembered; undefined where it can. */
  problem(): Promise<string | undefined> {
    return problemWith(this.#directory)
  }

  /**
   * Makes what earlier processes left this process's own, and gives it. Throws where one of them is still at it. Renaming
   * makes sure that only one process gets a record.
   */
  async claim(): Promise<UploadRecord | undefined> {
    for (const name of await readdir(this.#directory)) {
      const [, pid] = new RegExp(`^${this.#key}\\.(\\d+)\\.json$`).exec(name) ?? []
      if (pid === undefined) continue
      const file = join(this.#directory, name)
      if (Number(pid) !== process.pid && isRunning(Number(pid))) {
        throw new Error(`process ${pid} is copying this already; if that is another program, remove ${file}`)
      }
      await rename(file, this.#file)
      return await this.#read()
    }
    return undefined
  }

  async save(record: UploadRecord): Promise<void> {
    const temporary = `${this.#file}.new`
    await writeFile(temporary, JSON.stringify(record), { mode: 0o600 })
    await rename(temporary, this.#file)
  }

  async remove(): Promise<void> {
    await rm(this.#file, { force: true })
  }

  get #file(): string {
    return join(this.#directory, `${this.#key}.${process.pid}.json`)
  }

  /** A record that a crash left half written is as good as none. */
  async #read(): Promise<UploadRecord | undefined> {
    try {
      const record = JSON.parse(await readFile(this.#file, 'utf8')) as UploadRecord
      return typeof record.uploadPath === 'string' && typeof record.identity === 'string' ? record : undefined
    } catch {
      return undefined
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
