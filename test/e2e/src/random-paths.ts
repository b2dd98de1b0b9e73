/** Numbers from 0 to 1 by a seed (mulberry32), the same on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Pieces of names that URLs, signers, servers and tools disagree about. */
const awkward = Array.from(' !"#$%&\'()*+,-.:;<=>?@[\\]^_`{|}~').concat(
  '%20',
  '%2F',
  '%2b',
  '%zz',
  '..',
  'é',
  'e\u0301',
  'ß',
  'Ω',
  '日本',
  'العربية',
  '🙂',
  '\u{10FFFD}',
  '\uFFFD',
  '\uE000',
  '\u2028',
  '\u00A0',
)

/** Legal paths, each once, of one to four components: half of a name's characters are ordinary ones. */
export function* randomPaths(count: number, seed: number): Generator<string> {
  const random = randomFrom(seed)
  const below = (end: number): number => Math.floor(random() * end)
  const piece = (): string => {
    if (random() < 0.5) return 'abcxyzABC019'.charAt(below(12))
    if (random() < 0.8) return awkward[below(awkward.length)] ?? ''
    const point = 0x20 + below(0x10ffff - 0x20)
    const isLegal = !(point >= 0x7f && point <= 0x9f) && (point < 0xd800 || point > 0xdfff) && point !== 0x2f
    return isLegal && point !== 0xfffe && point !== 0xffff ? String.fromCodePoint(point) : '-'
  }
  const component = (): string => {
    const name = Array.from({ length: 1 + below(9) }, piece).join('')
    return name === '.' || name === '..' ? `${name}_` : name
  }
  const seen = new Set<string>()
  while (seen.size < count) {
    // The number keeps a file from lying where another has a directory.
    const path = `/${seen.size}${component()}${Array.from({ length: below(4) }, () => `/${component()}`).join('')}`
    if (seen.has(path)) continue
    seen.add(path)
    yield path
  }
}
