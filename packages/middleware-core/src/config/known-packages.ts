/** The two kinds of things that a configuration names. */
export type Kind = 'driver' | 'middleware'

/** What core itself has. */
const builtIn: Readonly<Record<Kind, readonly string[]>> = {
  driver: ['filesystem', 'inmemory'],
  middleware: ['prefix', 'redirect', 'rewrite'],
}

/** Names that stand for a package of another name. */
const packages: Readonly<Record<Kind, ReadonlyMap<string, string>>> = {
  driver: new Map([
    ['s3', '@longshore/s3-driver'],
    ['s3aws', '@longshore/s3-driver'],
  ]),
  middleware: new Map([['cloudfront', '@longshore/middleware-cloudfront']]),
}

/** Every name that stands for something without being a package's. */
export function knownNames(kind: Kind): string[] {
  return [...builtIn[kind], ...packages[kind].keys()].toSorted()
}

export function isBuiltIn(kind: Kind, name: string): boolean {
  return builtIn[kind].includes(name.toLowerCase())
}

/** The package that a name stands for: its own name, unless the name is a known one. */
export function packageOf(kind: Kind, name: string): string {
  return packages[kind].get(name.toLowerCase()) ?? name
}
