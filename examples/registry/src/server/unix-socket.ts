import { stat, unlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { ListenError } from './listen-error.ts'

/**
 * Removes a socket that a process left behind which did not end by itself. Throws a {@link ListenError} when another process
 * listens on it, or when the file is no socket.
 */
export async function freeSocket(path: string): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!found) return
  const cannot = `Cannot listen on unix:${path}`
  if (!found.isSocket()) throw new ListenError(`${cannot}: there is a file, and it is no socket`)
  if (!(await isLeft(path))) throw new ListenError(`${cannot}: another process listens there`)
  await unlink(path)
}

/** Asks whoever listens: only a connection that is refused proves that nobody does. */
function isLeft(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path)
    const settle = (isRefused: boolean): void => {
      socket.destroy()
      resolve(isRefused)
    }
    socket.once('connect', () => settle(false))
    socket.once('error', (error: NodeJS.ErrnoException) => settle(error.code === 'ECONNREFUSED'))
  })
}
