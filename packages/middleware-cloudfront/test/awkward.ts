import { randomWords } from './random.ts'

/** What URLs, signers and servers disagree about. */
const pieces = Array.from(' +%:@~\'"()*!$&,;=[]{}|\\^`<>.-_aZ09üß€😀\u0301\u007F').concat(
  '%20',
  '%2F',
  '%2b',
  '%zz',
  '..',
)

class Awkward {
  readonly #word: () => number

  constructor(seed: number) {
    this.#word = randomWords(seed)
  }

  below(limit: number): number {
    return this.#word() % limit
  }

  text(from: readonly string[]): string {
    return Array.from({ length: 1 + this.below(8) }, () => from[this.below(from.length)]).join('')
  }

  path(from: readonly string[]): string {
    const components = Array.from({ length: 1 + this.below(4) }, () => `k${this.text(from)}`)
    return components.join(this.below(8) ? '/' : '//')
  }

  query(): string {
    const pairs = Array.from({ length: 1 + this.below(3) }, () => `q${this.text([...pieces, '?', '/'])}`)
    return `?${pairs.join('&')}`
  }
}

/** Keys of one to four components. */
export function* awkwardKeys(count: number): Generator<string> {
  const awkward = new Awkward(1)
  for (let index = 0; index < count; index++) yield awkward.path([...pieces, '?', '#'])
}

/** URLs as somebody may write them, every other one with a query. */
export function* awkwardUrls(count: number): Generator<string> {
  const awkward = new Awkward(2)
  for (let index = 0; index < count; index++) {
    yield `https://d111111abcdef8.cloudfront.net/${awkward.path(pieces)}${index % 2 ? awkward.query() : ''}`
  }
}
