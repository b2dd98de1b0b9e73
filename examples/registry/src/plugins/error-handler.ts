import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { isStorageError } from '@longshore/middleware-core'
import type { FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { FailedRequest } from '../observability/request-report.ts'
import { redactUrl } from '../observability/request-target.ts'
import { RegistryError } from '../oci/errors.ts'
import { isAnswering } from './pipelining.ts'

export interface ErrorHandlerOptions {
  /** Called with the error behind an answer with a status from 500 on. Clients are not told. */
  onFailure: (error: unknown, request: FailedRequest) => void
}

/** Seconds after which a client should try again when the storage does not say. */
const DEFAULT_RETRY_AFTER_SECONDS = 1

/** Makes every error of a route, and the lack of one, an answer in the specification's form. */
export const errorHandler = fp<ErrorHandlerOptions>(
  async (app, { onFailure }) => {
    app.setErrorHandler((error, request, reply) => {
      const answer = answerTo(error)
      if (answer.status >= 500 && !isGone(request)) onFailure(error, failedRequest(request))
      send(reply, answer)
    })
    app.setNotFoundHandler((_request, reply) => {
      send(reply, new RegistryError('UNSUPPORTED', 'no such endpoint', { status: 404 }))
    })
  },
  { name: 'error-handler', dependencies: ['request-report'], fastify: '5.x' },
)

/** Handlers of errors that occur before Fastify has found a route: they would not reach the error handler. */
export const earlyErrors: Pick<FastifyServerOptions, 'frameworkErrors' | 'clientErrorHandler'> = {
  frameworkErrors: (error, _request, reply) => send(reply, answerTo(error)),
  clientErrorHandler: (error, socket) => {
    // Before the end of the handshake nothing can be sent: it would be waited for, and the connection with it.
    const isUnanswerable = error.code === 'ECONNRESET' || error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT'
    if (isUnanswerable || !socket.writable || isAnswering(socket)) {
      socket.destroy()
      return
    }
    const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
    endWithAnswer(socket, status)
  },
}

/** Answers on a bare connection, and ends it. */
export function endWithAnswer(socket: Duplex, status: number): void {
  const reason = STATUS_CODES[status] ?? ''
  const body = JSON.stringify(new RegistryError('UNSUPPORTED', reason, { status }).body)
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\ncontent-type: application/json\r\nconnection: close\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}

/** Makes what a client is told about an error. Nothing of an unexpected one is in it. */
function answerTo(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error
  if (isStorageError(error, 'UNAVAILABLE')) {
    const seconds = Math.ceil(error.retryAfter ?? DEFAULT_RETRY_AFTER_SECONDS)
    const headers = { 'retry-after': String(seconds) }
    return new RegistryError('UNAVAILABLE', 'the storage is not available; try again', { headers })
  }
  const status = statusOf(error)
  if (status >= 400 && status < 500) {
    return new RegistryError('UNSUPPORTED', STATUS_CODES[status] ?? 'refused', { status })
  }
  return new RegistryError('UNKNOWN', 'something went wrong in the registry')
}

function send(reply: FastifyReply, { status, headers, body }: RegistryError): void {
  void reply.code(status).headers(headers).send(body)
}

function failedRequest({ id, method, originalUrl }: FastifyRequest): FailedRequest {
  return { id, method, url: redactUrl(originalUrl) }
}

/** True when the client is gone: what broke was the connection, and there is no one to be told. */
function isGone(request: FastifyRequest): boolean {
  return request.raw.destroyed && !request.raw.complete
}

function statusOf(error: unknown): number {
  return error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
}
