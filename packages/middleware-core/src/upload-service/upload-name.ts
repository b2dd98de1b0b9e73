import { StorageError } from '../contract/errors.ts'

/** Name of an upload in a service's URLs: its path, to which the driver binds the id. Nothing has to be kept between requests. */
export interface UploadName {
  readonly path: string
  readonly id: string
}

/** Makes the name of an upload for a URL. */
export function encodeUploadName({ path, id }: UploadName): string {
  return `${Buffer.from(path).toString('base64url')}.${id}`
}

/** Reads the name of an upload. `UPLOAD_NOT_FOUND` for what is none. */
export function decodeUploadName(name: string): UploadName {
  const [encoded = '', id = '', ...rest] = name.split('.')
  const path = Buffer.from(encoded, 'base64url').toString()
  if (rest.length === 0 && id !== '' && path.startsWith('/')) return { path, id }
  throw new StorageError('UPLOAD_NOT_FOUND', 'no such upload')
}
