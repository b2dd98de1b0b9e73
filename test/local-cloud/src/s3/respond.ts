import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Answer } from './call.ts'
import type { RequestRecord } from './request-log.ts'
import { S3Error } from '../errors.ts'
import { errorDocument } from './xml.ts'

export interface Response {
  message: IncomingMessage
  response: ServerResponse
  answer: Answer
  record: RequestRecord
  requestId: string
  /** Reset the connection when so much of the body is out. */
  cutAfter: number | undefined
  closeAfterwards: boolean
}

/** Writes an answer. Never rejects: what goes wrong now is the end of the connection and of nothing else. */
export async function respond(given: Response): Promise<void> {
  const { message, response, answer, record, requestId } = given
  const { body } = answer
  const content = typeof body === 'object' ? body : undefined
  try {
    // The client has gone, with or without its upload: there is nobody to answer.
    if (response.destroyed) return
    const text = typeof body === 'string' ? body : ''
    const headers: Record<string, string | number> = {
      'x-amz-request-id': requestId,
      'x-amz-id-2': Buffer.from(requestId).toString('base64'),
      server: 'AmazonS3',
      'content-length': Buffer.byteLength(text),
    }
    for (const [name, value] of Object.entries(answer.headers ?? {})) if (value !== undefined) headers[name] = value
    if (answer.status === 204 || answer.status === 304) delete headers['content-length']
    if (given.closeAfterwards) headers['connection'] = 'close'
    record.status = answer.status
    response.writeHead(answer.status, headers)
    if (message.method === 'HEAD' || answer.status === 304) {
      response.end()
    } else {
      const source = content ? content.content.read(content.start, content.end) : [Buffer.from(text)]
      await send(given, source)
    }
  } catch {
    response.destroy()
  } finally {
    content?.content.release()
  }
}

async function send(given: Response, source: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<void> {
  const { response, record, message } = given
  const limit = given.cutAfter ?? Infinity
  async function* counted() {
    for await (const chunk of source) {
      const piece = chunk.subarray(0, limit - record.bytesOut)
      record.bytesOut += piece.length
      yield piece
      if (record.bytesOut >= limit) return
    }
  }
  if (given.cutAfter === undefined) {
    await pipeline(Readable.from(counted()), response)
    return
  }
  // Each piece must be on its way before the reset, which takes along what is not.
  response.flushHeaders()
  for await (const piece of counted()) {
    await new Promise<unknown>(resolve => response.write(piece, resolve))
  }
  cutConnection(message)
}

/** The peer sees ECONNRESET. */
export function cutConnection(message: IncomingMessage): void {
  message.socket.resetAndDestroy()
}

export function errorAnswer(error: unknown, message: Pick<IncomingMessage, 'url'>, requestId: string): Answer {
  const known =
    error instanceof S3Error
      ? error
      : new S3Error('InternalError', `We encountered an internal error: ${String(error)}`, 500)
  const resource = (message.url ?? '/').replace(/\?.*/, '')
  const details = { ...known.details, Resource: resource, RequestId: requestId, HostId: 'local-cloud' }
  return {
    status: known.status,
    headers: { ...known.headers, 'content-type': 'application/xml' },
    body: errorDocument(known.code, known.message, details),
  }
}
