import { connect, createServer } from 'node:net'
import type { LocalCloud } from '@longshore/local-cloud'

/** A way to the local cloud that counts connections. */
export async function countConnections(
  cloud: LocalCloud,
): Promise<AsyncDisposable & { endpoint: string; total: number; open: number }> {
  const counts = { total: 0, open: 0 }
  const server = createServer(socket => {
    counts.total++
    counts.open++
    const onward = connect(cloud.s3.port, '127.0.0.1')
    socket.on('close', () => {
      counts.open--
      onward.destroy()
    })
    for (const end of [socket, onward]) end.on('error', () => socket.destroy())
    onward.on('close', () => socket.destroy())
    socket.pipe(onward).pipe(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    endpoint: `http://127.0.0.1:${port}`,
    get total() {
      return counts.total
    },
    get open() {
      return counts.open
    },
    [Symbol.asyncDispose]: () => new Promise<void>(resolve => void server.close(() => resolve())),
  }
}
