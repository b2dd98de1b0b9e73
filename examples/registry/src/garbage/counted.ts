/** `1 upload`, `2 uploads`; a plural that is not made with `s` is given. */
export function counted(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`
}
