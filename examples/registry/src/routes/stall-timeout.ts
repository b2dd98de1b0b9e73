import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'

/**
 * Cuts off a client that takes nothing of a stream for `stallTimeoutMs` while there is more for it. The time in which the
 * stream has nothing to give does not count. Call it before the stream is sent, and send what it returns.
 */
export function withStallTimeout(content: Readable, answer: ServerResponse, stallTimeoutMs: number): Readable {
  const { socket } = answer.req
  const wait = (): unknown => socket.setTimeout(stallTimeoutMs)
  const stopWaiting = (): unknown => socket.setTimeout(0)
  // It is paused as long as the client has not taken what was sent, and after its end no more is asked of it.
  content.on('pause', wait).on('end', wait)
  answer.on('drain', stopWaiting)
  // Before the server itself begins to wait for the connection's next request, and the stream is paused for good.
  answer.prependOnceListener('finish', () => {
    content.off('pause', wait)
    stopWaiting()
  })
  return content
}
