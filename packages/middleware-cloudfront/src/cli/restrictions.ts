import { option, optionError } from '@longshore/middleware-core'
import type { Command } from '@longshore/middleware-core/cli'
import type { SigningOptions } from '../signing/restrictions.ts'

/** Options of the commands that sign. */
export interface RestrictionFlags {
  expiresIn?: string
  expiresAt?: string
  notBefore?: string
  ip?: string
}

/** Adds the options that restrict a signature. */
export function addRestrictions(command: Command): Command {
  return command
    .option('--expires-in <duration>', 'lifetime, such as 1h. Default: the duration of the configuration')
    .option('--expires-at <date>', 'end, such as 2030-01-01T00:00:00Z')
    .option('--not-before <date>', 'beginning')
    .option('--ip <block>', 'IPv4 address or block of the only clients that are served')
}

/** Restrictions as the signer takes them. */
export function restrictionsOf(flags: RestrictionFlags, defaultMs: number): SigningOptions {
  const { expiresIn, expiresAt, notBefore, ip: ipAddress } = flags
  if (expiresIn !== undefined && expiresAt !== undefined) {
    throw optionError('--expires-at', 'found with --expires-in; accepted: one of them')
  }
  const end =
    expiresAt === undefined
      ? { expiresIn: (expiresIn === undefined ? defaultMs : readDuration(expiresIn)) / 1000 }
      : { expiresAt: readDate('--expires-at', expiresAt) }
  return { ...end, ipAddress, notBefore: notBefore === undefined ? undefined : readDate('--not-before', notBefore) }
}

/** Reads a date of the command line. */
export function readDate(name: string, text: string): Date {
  const date = new Date(text)
  if (Number.isFinite(date.getTime())) return date
  throw optionError(name, `found ${text}; accepted: a date, such as 2030-01-01T00:00:00Z`)
}

/** Milliseconds. */
function readDuration(text: string): number {
  const { data, error } = option.duration().safeParse(text)
  if (data !== undefined) return data
  throw optionError('--expires-in', error?.issues[0]?.message ?? '')
}
