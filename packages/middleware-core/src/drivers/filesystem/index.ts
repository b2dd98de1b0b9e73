import { resolve } from 'node:path'
import { type DriverFactory, defineDriver } from '../../authoring/define-driver.ts'
import { FilesystemDriver } from './driver.ts'
import { Layout } from './layout.ts'
import { type FilesystemOptions, filesystemOptions } from './options.ts'

/**
 * Keeps files in a directory of the local file system, in the layout of Distribution's `filesystem` driver: a file at
 * `/a/b` is the file `<rootDirectory>/a/b`. The root directory need not exist; the first write makes it.
 *
 * - **What is shown**: files with legal names and the directories that hold some. Anything else that lies there is left
 *   alone until a directory around it is deleted. Symbolic links are neither shown nor read, but a path may lead through
 *   one to a directory.
 * - **One file system**: everything below the root directory must be on the same, because contents are renamed into
 *   place. It must tell upper case from lower case.
 * - **Uploads** lie in `<rootDirectory>/~uploads` until they are committed, each in a file of its own. `append` continues
 *   the one last touched. Where its writer did not release it, because it crashed or is still writing, that costs a
 *   copy, and the former writer's close or commit is `UPLOAD_NOT_FOUND`. An upload that Distribution left unfinished cannot be
 *   continued: it lies in its final place and looks like a committed file.
 * - **Revisions** are a file's inode, time and size. They hold against others who use this driver, and those who change a
 *   file in place are noticed by its time. That of an upload is a random text and its size; one that was interrupted has
 *   none.
 * - **`ifAbsent`** needs hard links, which nearly every file system has; without them it is `UNSUPPORTED`.
 * - **Durability**: contents and their names are on the disk when `putContent`, `move`, a commit or a close resolves.
 * - **Errors**: a full disk and too many open files are `UNAVAILABLE`, missing permissions `ACCESS_DENIED`, a file where
 *   a directory is needed `NOT_A_DIRECTORY`, and a name longer than the file system takes `INVALID_PATH`.
 *
 * @example
 * const storage = filesystem({ rootDirectory: './artifacts' })
 */
export const filesystem: DriverFactory<FilesystemOptions> = defineDriver({
  name: 'filesystem',
  options: filesystemOptions,
  capabilities: { revisions: true, uploadRevisions: true, putIfAbsent: 'varies', commitIfAbsent: 'varies' },
  create: ({ rootDirectory }) => new FilesystemDriver(new Layout(resolve(rootDirectory))),
})
