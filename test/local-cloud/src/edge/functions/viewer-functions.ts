import { randomBytes } from 'node:crypto'
import { FunctionError } from './function-error.ts'
import type { FieldValue, FunctionEvent, FunctionRequest, FunctionResponse } from './function-event.ts'
import { checkHeaders } from './header-rules.ts'
import { EdgeFunction } from './runtime.ts'

/** Code of the CloudFront Function (JavaScript runtime 2.0) that is associated with each event. One text may serve both. */
export interface ViewerFunctionCode {
  /** Runs for a request whose signature was accepted, before the cache is looked at. */
  request?: string
  /** Runs for an answer below 400 that no function made. */
  response?: string
}

/** A viewer's request that goes on, or an answer in its place. */
export type RequestOutcome =
  | { kind: 'request'; request: FunctionRequest }
  | { kind: 'response'; response: FunctionResponse }

type EventType = FunctionEvent['context']['eventType']

/** The functions of a distribution's behaviour. Their failures are thrown as `FunctionError`s. */
export class ViewerFunctions {
  readonly #onRequest: EdgeFunction | undefined
  readonly #onResponse: EdgeFunction | undefined

  constructor({ request, response }: ViewerFunctionCode) {
    this.#onRequest = request === undefined ? undefined : new EdgeFunction(request)
    this.#onResponse = response === undefined ? undefined : new EdgeFunction(response)
  }

  onRequest(request: FunctionRequest, ip: string): RequestOutcome {
    if (!this.#onRequest) return { kind: 'request', request }
    const returned = this.#onRequest.run(eventOf('viewer-request', request, ip))
    if (isResponse(returned)) {
      checkHeaders('viewer-response', {}, returned.headers ?? {})
      return { kind: 'response', response: returned }
    }
    if (!isRequest(returned)) throw new FunctionError('validation', 'the function returned no request and no response')
    checkHeaders('viewer-request', request.headers, returned.headers)
    if (returned.method !== request.method) throw new FunctionError('validation', 'the function changed the method')
    return { kind: 'request', request: returned }
  }

  onResponse(request: FunctionRequest, ip: string, response: FunctionResponse): FunctionResponse {
    if (!this.#onResponse) return response
    const returned = this.#onResponse.run({ ...eventOf('viewer-response', request, ip), response })
    if (!isResponse(returned)) throw new FunctionError('validation', 'the function returned no response')
    // CloudFront lets a function put its own body in the place of the origin's.
    if (returned.body !== undefined)
      throw new FunctionError('validation', 'bodies of viewer responses are not imitated here')
    checkHeaders('viewer-response', response.headers ?? {}, returned.headers ?? {})
    return returned
  }
}

function eventOf(eventType: EventType, request: FunctionRequest, ip: string): FunctionEvent {
  return {
    version: '1.0',
    context: {
      distributionDomainName: 'd111111abcdef8.cloudfront.net',
      distributionId: 'EDFDVBD6EXAMPLE',
      eventType,
      requestId: randomBytes(40).toString('base64url'),
    },
    viewer: { ip },
    request,
  }
}

function isResponse(value: unknown): value is FunctionResponse {
  if (!isRecord(value) || !('statusCode' in value)) return false
  const { statusCode } = value
  if (Number.isInteger(statusCode) && Number(statusCode) >= 200 && Number(statusCode) <= 599) return true
  throw new FunctionError('validation', 'the response has no statusCode between 200 and 599')
}

function isRequest(value: unknown): value is FunctionRequest {
  if (!isRecord(value)) return false
  return (
    typeof value.uri === 'string' && value.uri.startsWith('/') && [value.headers, value.querystring].every(isFields)
  )
}

function isFields(value: unknown): value is Record<string, FieldValue> {
  return isRecord(value)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
