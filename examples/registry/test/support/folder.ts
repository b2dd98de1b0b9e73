import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from '@jest/globals'

/** A folder for each test of a file, which is gone after it. */
export interface Folder {
  readonly path: string
  /** The path of a file in it. */
  file(name: string): string
  /** Writes a file in it and gives its path. */
  write(name: string, content: string): Promise<string>
}

/** @param isLeft is waited for before the folder goes */
export function temporaryFolder(isLeft: () => Promise<unknown> = async () => {}): Folder {
  let path = ''
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'registry-test-'))
  })
  afterEach(async () => {
    await isLeft()
    await rm(path, { recursive: true })
  })
  const file = (name: string): string => join(path, name)
  return {
    get path() {
      return path
    },
    file,
    async write(name, content) {
      await writeFile(file(name), content)
      return file(name)
    },
  }
}
