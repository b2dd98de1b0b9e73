import type { PartRequest } from './protocol.ts'

/** Sends the bytes of one part to the storage and gives the answer's status; rejects when there is none. */
export type SendPart = (
  request: PartRequest,
  bytes: ArrayBuffer,
  options: { signal: AbortSignal; onProgress(bytes: number): void },
) => Promise<number>

/** Headers that clients make themselves; a browser refuses to have them set. */
const ownHeaders = /^(content-length|host)$/i

/** Sends a part with `fetch`, which tells no progress before the end. */
export const sendByFetch: SendPart = async ({ url, headers }, bytes, { signal, onProgress }) => {
  const sent = Object.entries(headers).filter(([name]) => !ownHeaders.test(name))
  const response = await fetch(url, { method: 'PUT', headers: sent, body: bytes, signal })
  await response.arrayBuffer()
  if (response.ok) onProgress(bytes.byteLength)
  return response.status
}

/** Parts of `XMLHttpRequest` that are used here: this package's types do without those of browsers. */
interface XhrLike {
  readonly status: number
  readonly upload: { addEventListener(type: 'progress', listener: (event: { loaded: number }) => void): void }
  addEventListener(type: 'load' | 'error' | 'abort', listener: () => void): void
  open(method: string, url: string): void
  setRequestHeader(name: string, value: string): void
  send(body: ArrayBuffer): void
  abort(): void
}

/** Sends a part with `XMLHttpRequest`, the one way in which browsers tell the progress of what they send. */
export const sendByXhr: SendPart = ({ url, headers }, bytes, { signal, onProgress }) =>
  new Promise((resolve, reject) => {
    const { XMLHttpRequest } = globalThis as unknown as { XMLHttpRequest: new () => XhrLike }
    const request = new XMLHttpRequest()
    const abort = (): void => request.abort()
    const onEnd = (type: 'load' | 'error' | 'abort', settle: () => void): void =>
      request.addEventListener(type, () => {
        signal.removeEventListener('abort', abort)
        settle()
      })
    request.upload.addEventListener('progress', ({ loaded }) => onProgress(loaded))
    onEnd('load', () => resolve(request.status))
    onEnd('error', () => reject(new TypeError('the storage cannot be reached')))
    onEnd('abort', () => reject(signal.reason as Error))
    request.open('PUT', url)
    for (const [name, value] of Object.entries(headers)) {
      if (!ownHeaders.test(name)) request.setRequestHeader(name, value)
    }
    signal.addEventListener('abort', abort)
    request.send(bytes)
  })
