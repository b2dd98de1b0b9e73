import type { Row, Target, Unit } from './row.ts'

/** `1,234/s`, `12.3 ms`: three digits, or all of a larger number. */
export function quantity(value: number, unit: Unit): string {
  return unit === '/s' ? `${number(value)}/s` : `${number(value)} ${unit}`
}

/** `25.3x`; below one as many digits as tell it from zero. */
export function times(ratio: number): string {
  return `${number(ratio)}x`
}

/** `>= 25x`, `<= 256 MiB` */
export function goal({ of, bound, value }: Target, unit: Unit): string {
  const sign = bound === 'at least' ? '>=' : '<='
  return `${sign} ${of === 'ratio' ? times(value) : quantity(value, unit)}`
}

/** What one row is called where it stands alone. */
export function rowTitle(figure: string, { what }: Row): string {
  return `${figure}: ${what}`
}

function number(value: number): string {
  const magnitude = Math.abs(value)
  if (magnitude >= 100) return Math.round(value).toLocaleString('en-US')
  return String(Number(value.toPrecision(magnitude >= 0.01 ? 3 : 2)))
}
