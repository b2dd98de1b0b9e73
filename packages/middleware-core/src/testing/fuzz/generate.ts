import { type Random, integerBelow, oneOf, randomFrom } from '../random.ts'
import type { Operation, UploadEnd } from './operation.ts'

/** Names that are prefixes of each other, with characters that sort before and after the slash. */
const components = ['a', 'a-', 'a.b', 'a0', 'ab', 'b']
const ends: readonly UploadEnd[] = ['close', 'commit', 'close and commit', 'cancel']

/** Paths in one sequence: few, so that operations meet. */
const pathCount = 10

/** The operations of a seed. Some of them will turn out not to be defined where they stand: see `isDefined`. */
export function generate(seed: number, count: number, sizes: readonly number[]): Operation[] {
  const random = randomFrom(seed)
  const paths = Array.from({ length: pathCount }, () => randomPath(random))
  return Array.from({ length: count }, (_, index) => randomOperation(random, paths, sizes, index + 1))
}

function randomPath(random: Random): string {
  const depth = oneOf(random, [1, 1, 2, 2, 3])
  return Array.from({ length: depth }, () => `/${oneOf(random, components)}`).join('')
}

function randomOperation(random: Random, paths: readonly string[], sizes: readonly number[], seed: number): Operation {
  const path = oneOf(random, paths)
  const place = oneOf(random, [path, path, parent(path), ''])
  const make: (() => Operation)[] = [
    () => ({ kind: 'putContent', path, size: oneOf(random, sizes), seed }),
    () => ({ kind: 'putContent', path, size: oneOf(random, sizes), seed }),
    () => randomUpload(random, path, sizes, seed),
    () => randomUpload(random, path, sizes, seed),
    () => randomUpload(random, path, sizes, seed),
    () => ({ kind: 'getContent', path }),
    () => ({ kind: 'reader', path, offset: integerBelow(random, 120) }),
    () => ({ kind: 'stat', path: place }),
    () => ({ kind: 'list', path: place }),
    () => ({ kind: 'walk', path: place, startAfter: undefined, without: [] }),
    () => randomWalk(random, place, paths),
    () => ({ kind: 'move', source: path, destination: oneOf(random, paths) }),
    () => ({ kind: 'delete', path: parent(path) === '' ? path : oneOf(random, [path, parent(path)]) }),
    () => ({ kind: 'switch to another driver' }),
  ]
  return oneOf(random, make)()
}

function randomUpload(random: Random, path: string, sizes: readonly number[], seed: number): Operation {
  const chunks = Array.from({ length: integerBelow(random, 4) }, () => oneOf(random, sizes))
  return { kind: 'upload', path, append: random() < 0.5, sizes: chunks, seed, end: oneOf(random, ends) }
}

function randomWalk(random: Random, path: string, paths: readonly string[]): Operation {
  const start = oneOf(random, paths)
  const startAfter = oneOf(random, [undefined, start, `${start}/`, parent(start) || undefined])
  const without = [parent(oneOf(random, paths)), parent(oneOf(random, paths))].filter(Boolean)
  return { kind: 'walk', path, startAfter, without }
}

function parent(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}
