import { optionError } from '../../options/config-error.ts'

/** Collects the values of an option that may be repeated. */
export function addTo(given: string, others: string[] = []): string[] {
  return [...others, given]
}

/** Origin as browsers send it. Throws a `ConfigError` for anything else. */
export function readOrigin(given: string): string {
  const isOrigin =
    URL.canParse(given) && /^https?:$/.test(new URL(given).protocol) && /^[^/]+:\/\/[^/?#@*]+\/?$/.test(given)
  if (isOrigin) return new URL(given).origin
  throw optionError(
    '--upload-origin',
    `found ${given}; accepted: the origin of a page, such as https://app.example.com`,
  )
}
