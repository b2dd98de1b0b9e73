import type { Reference } from './references.ts'

/** Platform as an index's entry names it: `amd64` and `linux`. */
interface Platform {
  readonly architecture: string
  readonly os: string
}

/** Entries of an index that have to be there before it: all, none, or those of some platforms. */
export type RequiredPlatforms = 'all' | 'none' | readonly Platform[]

/** True for an index's entry that has to be there. One that names no platform is of none of those on a list. */
export function isRequired(required: RequiredPlatforms, { platform }: Reference): boolean {
  if (typeof required === 'string') return required === 'all'
  return required.some(({ architecture, os }) => platform?.architecture === architecture && platform.os === os)
}
