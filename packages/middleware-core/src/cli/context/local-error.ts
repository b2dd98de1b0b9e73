const reasons: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EPERM: 'no permission',
  EEXIST: 'there is something already',
  EISDIR: 'found a directory; accepted: a file',
  ENAMETOOLONG: 'the name is too long for this file system',
  ENOENT: 'there is no such file or directory',
  ENOSPC: 'no space is left on the device',
  ENOTDIR: 'a file is where a directory is needed',
  EROFS: 'the file system is read-only',
}

/** An error of a file of this machine, in one line that names the file. Other errors stay what they are. */
export function localError(error: unknown, file: string): unknown {
  const { code = '', syscall } = Object(error) as NodeJS.ErrnoException
  if (syscall === undefined) return error
  return new Error(`${file}: ${reasons[code] ?? code}`, { cause: error })
}
