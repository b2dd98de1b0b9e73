/**
 * True when a client has what an entity tag stands for, as its `If-None-Match` header says (RFC 9110, 13.1.2): a list of tags,
 * weak ones too, or `*`. A digest without quotes, which Distribution understands, counts as well.
 */
export function isKnown(ifNoneMatch: string | undefined, digest: string): boolean {
  const tags = ifNoneMatch?.split(',').map(tag => tag.trim()) ?? []
  return tags.some(tag => tag === '*' || tag === digest || tag.replace(/^W\//, '') === `"${digest}"`)
}
