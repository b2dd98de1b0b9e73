import { type Random, integerBelow, oneOf, randomFrom } from '../random.ts'
import type { Operation, UploadEnd } from './operation.ts'

/**
 * Names that are prefixes of each other, with characters that sort before and after the slash, and names whose order in UTF-8
 * is another than in UTF-16, or of which two look the same.
 */
const components = [
  'a',
  'a-',
  'a.b',
  'a0',
  'ab',
  'b',
  'a b',
  'a%2Fb',
  'a+',
  'a~',
  '\u00e9',
  'e\u0301',
  '\uffee',
  '\u{1f642}',
]
const ends: readonly UploadEnd[] = ['close', 'commit', 'close and commit', 'cancel']

/** Paths at which many uploads are left that become files elsewhere, as registries do it. No file is ever put there. */
const uploadPath = '/uploads'

/** Paths in one sequence: few, so that operations meet. */
const pathCount = 5

/** Generates the operations of a seed. Some of them will turn out not to be defined where they stand: see `StoredPaths`. */
export function generate(seed: number, count: number, sizes: readonly number[]): Operation[] {
  const random = randomFrom(seed)
  const paths = randomPaths(random)
  const operations: Operation[] = []
  while (operations.length < count) {
    const path = oneOf(random, paths)
    const change = randomChange(random, path, paths, sizes, operations.length + 1)
    const changed = 'destination' in change ? change.destination : path
    // Reads of what changes, before and after, are the likeliest to meet a mistake.
    operations.push(randomRead(random, changed, paths), change, randomRead(random, changed, paths))
  }
  return operations.slice(0, count)
}

/** Generates paths, of which only the last may lie above or below another, because no file may then be put there while the other is a file. */
function randomPaths(random: Random): string[] {
  const paths: string[] = []
  while (paths.length < pathCount) {
    const path = randomPath(random)
    if (!paths.some(other => `${other}/`.startsWith(`${path}/`) || `${path}/`.startsWith(`${other}/`))) paths.push(path)
  }
  return [...paths, randomPath(random)]
}

function randomPath(random: Random): string {
  const depth = oneOf(random, [1, 1, 2, 2, 3])
  return Array.from({ length: depth }, () => `/${oneOf(random, components)}`).join('')
}

const switchDriver = (): Operation => ({ kind: 'switch to another driver' })

function randomChange(
  random: Random,
  path: string,
  paths: readonly string[],
  sizes: readonly number[],
  seed: number,
): Operation {
  const put = (): Operation => ({ kind: 'putContent', path, size: oneOf(random, sizes), seed })
  const upload = (): Operation => randomUpload(random, path, paths, sizes, seed)
  const move = (): Operation => ({ kind: 'move', source: oneOf(random, paths), destination: path })
  const remove = (): Operation => ({
    kind: 'delete',
    path: oneOf(random, [path, path, path, parent(path) || path]),
    fileOnly: oneOf(random, [false, false, true]),
  })
  return oneOf(random, [put, put, put, upload, upload, upload, move, move, remove, switchDriver])()
}

function randomRead(random: Random, path: string, paths: readonly string[]): Operation {
  const near = oneOf(random, [path, parent(path), ''])
  const reads: (() => Operation)[] = [
    () => ({ kind: 'getContent', path }),
    () => ({ kind: 'reader', path, offset: integerBelow(random, 120) }),
    () => ({ kind: 'stat', path, fileOnly: false }),
    () => ({ kind: 'stat', path: near, fileOnly: random() < 0.5 }),
    () => ({ kind: 'list', path: near }),
    () => ({ kind: 'walk', path: near, startAfter: undefined, without: [] }),
    () => randomWalk(random, near, paths),
  ]
  return oneOf(random, reads)()
}

function randomUpload(
  random: Random,
  destination: string,
  paths: readonly string[],
  sizes: readonly number[],
  seed: number,
): Operation {
  return {
    kind: 'upload',
    path: oneOf(random, [destination, destination, oneOf(random, paths), uploadPath, uploadPath]),
    destination,
    append: random() < 0.5,
    sizes: Array.from({ length: integerBelow(random, 4) }, () => oneOf(random, sizes)),
    seed,
    end: oneOf(random, ends),
  }
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
