/** Bytes to upload: what a client needs of a browser's `File`, which is one. */
export interface FileSource {
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** Media type; empty when unknown. */
  readonly type: string
  /** Time of the last change in milliseconds since 1970. */
  readonly lastModified: number
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> }
}

const SAMPLE_BYTES = 65_536

/** Name that stands for a file, so that its upload is found again: name, size, time, and its first and last bytes. */
export async function fingerprintOf(file: FileSource): Promise<string> {
  const { name, size, lastModified } = file
  const samples = await Promise.all([
    file.slice(0, Math.min(SAMPLE_BYTES, size)).arrayBuffer(),
    file.slice(Math.max(0, size - SAMPLE_BYTES), size).arrayBuffer(),
  ])
  const digests = await Promise.all(samples.map(sha256Of))
  return [name, size, lastModified, ...digests.map(digest => digest.slice(0, 16))].join('/')
}

/** SHA-256 in hexadecimal digits. */
export async function sha256Of(bytes: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, byte => byte.toString(16).padStart(2, '0')).join('')
}
