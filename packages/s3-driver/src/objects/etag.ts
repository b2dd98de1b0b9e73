/** True where two ETags are one, and known; some servers quote them in one answer and not in another. */
export function isSameEtag(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && a.replaceAll('"', '') === b?.replaceAll('"', '')
}
