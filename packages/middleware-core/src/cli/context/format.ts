const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** `12 B`, `1.5 KiB`, `20 GiB`. */
export function formatBytes(bytes: number): string {
  const exponent = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1)
  const value = bytes / 1024 ** exponent
  const digits = exponent === 0 || value >= 100 ? 0 : 1
  return `${value.toFixed(digits).replace(/\.0$/, '')} ${units[exponent]}`
}

/** `45 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** `1 file`, `2 files`. */
export function formatCount(count: number, noun: string, plural: string = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`
}

/** Entry of the storage in one line: size, time and path, a directory's with a slash at its end. */
export function formatEntry(entry: { path: string; size: number; modifiedAt: Date; isDirectory: boolean }): string {
  const { path, size, modifiedAt, isDirectory } = entry
  const columns = isDirectory
    ? ['-', '-'.padEnd(20)]
    : [formatBytes(size), modifiedAt.toISOString().replace(/\.\d+/, '')]
  return `${columns[0]?.padStart(10)}  ${columns[1]}  ${path}${isDirectory ? '/' : ''}`
}
