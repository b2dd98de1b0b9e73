import { getSignedUrl } from '@aws-sdk/cloudfront-signer'
import type { LocalCloud } from '../src/index.ts'

export interface ViewerRequest {
  method?: string
  headers?: Record<string, string>
  /** Another id than the edge knows the key by. */
  keyPairId?: string
  privateKey?: string
  algorithm?: 'SHA1' | 'SHA256'
  /** Seconds from now at which the signature ends. Default 60. */
  seconds?: number
  /** False: no signature. Default true. */
  isSigned?: boolean
}

export interface ViewerAnswer {
  status: number
  /** `Hit`, `Miss`, `Error`, ... */
  cache: string
  headers: Headers
  body: Buffer
  /** `Code` of an error's XML. */
  code: string | undefined
}

/** Asks the edge for a path, signed with a canned policy; follows no redirect, and asks for no compression unless told to. */
export async function view(cloud: LocalCloud, path: string, request: ViewerRequest = {}): Promise<ViewerAnswer> {
  const { method = 'GET', headers = {}, seconds = 60, isSigned = true } = request
  const { keyPairId = cloud.keyPairId, privateKey = cloud.privateKey, algorithm = 'SHA1' } = request
  const dateLessThan = new Date(Date.now() + seconds * 1000).toISOString()
  const url = cloud.edge.baseUrl + path
  const response = await fetch(isSigned ? getSignedUrl({ url, keyPairId, privateKey, dateLessThan, algorithm }) : url, {
    method,
    redirect: 'manual',
    headers: { 'accept-encoding': 'identity', ...headers },
  })
  const body = Buffer.from(await response.arrayBuffer())
  return {
    status: response.status,
    cache: response.headers.get('x-cache')?.replace(' from cloudfront', '') ?? '',
    headers: response.headers,
    body,
    code: /<Code>(\w+)/.exec(body.toString())?.[1],
  }
}
