import type { BigIntStats } from 'node:fs'

/**
 * Tells one content of a file from another: contents are replaced by files of their own, never changed in place, and the
 * time tells a file from an earlier one whose inode it was given.
 */
export function revisionOf({ ino, mtimeNs, size }: BigIntStats): string {
  return [ino, mtimeNs, size].map(number => number.toString(36)).join('-')
}
