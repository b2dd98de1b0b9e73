import type { IncomingMessage } from 'node:http'
import { isDisallowed } from './header-rules.ts'

/** Value of a header, cookie or query parameter, and all of them where there are several. */
export interface FieldValue {
  value: string
  multiValue?: { value: string }[]
}

export interface CookieValue {
  value: string
  /** Of a response: `Path=/; Secure`. */
  attributes?: string
}

/** The `request` of an event. Names of headers are lower-case; nothing is decoded. */
export interface FunctionRequest {
  method: string
  uri: string
  querystring: Record<string, FieldValue>
  headers: Record<string, FieldValue>
  cookies: Record<string, FieldValue>
}

/** The `response` of an event, or one that a function makes itself. */
export interface FunctionResponse {
  statusCode: number
  statusDescription?: string
  headers?: Record<string, FieldValue>
  cookies?: Record<string, CookieValue>
  body?: string | { encoding: 'text' | 'base64'; data: string }
}

/** "CloudFront Functions event structure", version 1.0. */
export interface FunctionEvent {
  version: '1.0'
  context: {
    distributionDomainName: string
    distributionId: string
    eventType: 'viewer-request' | 'viewer-response'
    requestId: string
  }
  viewer: { ip: string }
  request: FunctionRequest
  response?: FunctionResponse
}

/** Request as a function sees it: without the headers that CloudFront keeps for itself, cookies apart from headers. */
export function functionRequest(request: IncomingMessage, path: string, query: string): FunctionRequest {
  const headers: Record<string, FieldValue> = {}
  for (const [name, values = []] of Object.entries(request.headersDistinct)) {
    if (name !== 'cookie' && !isDisallowed(name)) headers[name] = fieldOf(values)
  }
  return {
    method: request.method ?? '',
    uri: path,
    querystring: fieldsOf(query.split('&')),
    headers,
    cookies: fieldsOf((request.headers.cookie ?? '').split(/; */)),
  }
}

/** Headers as Node has them. */
export function plainHeaders(fields: Record<string, FieldValue> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, valuesOf(field).join(', ')]))
}

export function fieldHeaders(headers: Record<string, string | number>): Record<string, FieldValue> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, { value: String(value) }]))
}

/** Query string without `?`. */
export function queryOf(fields: Record<string, FieldValue>): string {
  const pairs = Object.entries(fields).flatMap(([name, field]) => valuesOf(field).map(value => [name, value] as const))
  return pairs.map(([name, value]) => (value === '' ? name : `${name}=${value}`)).join('&')
}

/** Values of `Set-Cookie`. */
export function setCookies(cookies: Record<string, CookieValue> = {}): string[] {
  return Object.entries(cookies).map(
    ([name, { value, attributes }]) => `${name}=${value}${attributes === undefined ? '' : `; ${attributes}`}`,
  )
}

function fieldsOf(pairs: string[]): Record<string, FieldValue> {
  const values = new Map<string, string[]>()
  for (const pair of pairs) {
    const [name = '', ...rest] = pair.split('=')
    if (name !== '') values.set(name, [...(values.get(name) ?? []), rest.join('=')])
  }
  return Object.fromEntries([...values].map(([name, all]) => [name, fieldOf(all)]))
}

function fieldOf(values: string[]): FieldValue {
  const value = values[0] ?? ''
  return values.length > 1 ? { value, multiValue: values.map(each => ({ value: each })) } : { value }
}

/** "If the `multiValue` array is present, CloudFront uses it and ignores `value`." */
function valuesOf({ value, multiValue }: FieldValue): string[] {
  return multiValue?.map(each => each.value) ?? [value]
}
