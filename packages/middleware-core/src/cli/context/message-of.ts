import { isConfigError } from '../../options/config-error.ts'

/** Message of an error in one line, but for the mistakes of a configuration, which have one each. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return isConfigError(error) ? message : message.replaceAll(/\s*\n\s*/g, ' ')
}
