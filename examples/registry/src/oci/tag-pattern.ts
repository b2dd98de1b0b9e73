/** Pattern of tags, in which `*` stands for any number of characters: `v*`, `release-*-final`. */
export type TagPattern = string

/** True for a text that can match a tag. */
export function isTagPattern(text: string): boolean {
  return /^[a-zA-Z0-9_*][a-zA-Z0-9._*-]{0,127}$/.test(text)
}

/** Matches a tag against a pattern, in time proportional to both. */
export function matchesTag(pattern: TagPattern, tag: string): boolean {
  const [start = '', ...parts] = pattern.split('*')
  const end = parts.pop()
  if (end === undefined) return tag === pattern
  if (!tag.startsWith(start) || !tag.endsWith(end)) return false
  let position = start.length
  for (const part of parts) {
    const found = tag.indexOf(part, position)
    if (found < 0) return false
    position = found + part.length
  }
  return position + end.length <= tag.length
}
