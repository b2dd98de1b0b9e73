import { StorageError, type StorageErrorCode } from '../../contract/errors.ts'

/** Codes with which a path leads to no file and to no directory of the storage. */
const absent = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'])

const noSpace = 'no space is left for files'
const tooManyFiles = 'too many files are open'
const wrongKind = 'a file stands where a directory is needed, or the other way round'
const forbidden = 'the file system does not permit it'

/** Answers to `link` of a file system without hard links, or of one that refuses them for files of another owner. */
const noLinks = new Set(['ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EPERM', 'EMLINK'])

/** Storage errors by the file system's error codes, with messages that show nothing of the server's directories. */
const storageErrors: Record<string, readonly [StorageErrorCode, string]> = {
  ENOENT: ['PATH_NOT_FOUND', 'the file was removed meanwhile'],
  ENOTDIR: ['NOT_A_DIRECTORY', wrongKind],
  EISDIR: ['NOT_A_DIRECTORY', wrongKind],
  EEXIST: ['NOT_A_DIRECTORY', wrongKind],
  ENOTEMPTY: ['NOT_A_DIRECTORY', wrongKind],
  EACCES: ['ACCESS_DENIED', forbidden],
  EPERM: ['ACCESS_DENIED', forbidden],
  EROFS: ['ACCESS_DENIED', 'the file system is mounted read-only'],
  ENOSPC: ['UNAVAILABLE', noSpace],
  EDQUOT: ['UNAVAILABLE', noSpace],
  EMFILE: ['UNAVAILABLE', tooManyFiles],
  ENFILE: ['UNAVAILABLE', tooManyFiles],
  EAGAIN: ['UNAVAILABLE', 'the file system is busy'],
  EBUSY: ['UNAVAILABLE', 'the file system is busy'],
  ENOMEM: ['UNAVAILABLE', 'the system is out of memory'],
  ESTALE: ['UNAVAILABLE', 'the network file system is out of reach'],
  ETIMEDOUT: ['UNAVAILABLE', 'the network file system is out of reach'],
  ENAMETOOLONG: ['INVALID_PATH', 'a name is longer than the file system takes'],
  EFBIG: ['UNSUPPORTED', 'the file is larger than the file system takes'],
}

/** The file system's code of an error, such as `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

/** True for an error of `link` where the file system cannot give the file a second name. */
export function hasNoLinks(error: unknown): boolean {
  return noLinks.has(codeOf(error) ?? '')
}

/** Waits for `pending`, and gives undefined when its path leads to nothing. */
export async function undefinedIfAbsent<T>(pending: Promise<T>): Promise<T | undefined> {
  try {
    return await pending
  } catch (error) {
    if (absent.has(codeOf(error) ?? '')) return undefined
    throw error
  }
}

/** Maps an error of the file system to the contract's. */
export function mapError(error: unknown): StorageError {
  const code = codeOf(error)
  if (code === undefined || !/^E[A-Z0-9]+$/.test(code))
    return new StorageError('UNKNOWN', String(error), { cause: error })
  const [storageCode, detail] = storageErrors[code] ?? ['UNKNOWN', 'the file system failed']
  return new StorageError(storageCode, `${detail} (${code})`, { cause: error })
}
