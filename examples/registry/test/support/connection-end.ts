import { connect } from 'node:net'

/** Time without an answer after which a connection counts as forgotten. */
const FORGOTTEN_AFTER_MS = 120_000

/** End of a connection: `closed` is without an answer, `forgotten` is none. */
export type ConnectionEnd = 'answered' | 'closed' | 'refused' | 'forgotten'

/** Opens a connection, sends a request on it and waits for its end. */
export function connectionEnd(url: string): Promise<ConnectionEnd> {
  return new Promise(resolve => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    let isAnswered = false
    socket
      .setTimeout(FORGOTTEN_AFTER_MS, () => {
        resolve('forgotten')
        socket.destroy()
      })
      .on('data', () => (isAnswered = true))
      .on('error', (error: NodeJS.ErrnoException) => error.code === 'ECONNREFUSED' && resolve('refused'))
      .on('close', () => resolve(isAnswered ? 'answered' : 'closed'))
      .write('GET /v2/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
  })
}
