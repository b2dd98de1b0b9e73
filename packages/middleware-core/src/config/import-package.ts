import { readFile } from 'node:fs/promises'
import { createRequire, isBuiltin } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * Imports a package as seen from this one, or else as seen from the first of the directories that has it: so packages
 * that are linked or installed globally find the drivers of the project that uses them. Undefined: nobody has it.
 */
export async function importPackage(name: string, directories: readonly string[]): Promise<unknown> {
  if (isBuiltin(name)) return undefined
  try {
    return await import(name)
  } catch (error) {
    if (!isAbsence(error, name)) throw error
  }
  for (const directory of directories) {
    const entry = await entryFrom(name, directory)
    if (entry) return import(pathToFileURL(entry).href)
  }
  return undefined
}

/** The package itself is missing, and not one that it needs. */
function isAbsence(error: unknown, name: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException
  const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
  return isMissing && message.includes(`'${name}' `)
}

/** `require.resolve` would do, were it not blind to packages that export to `import` alone. */
async function entryFrom(name: string, directory: string): Promise<string | undefined> {
  const found = await installedFrom(name, directory)
  if (!found) return undefined
  const { exports, main } = found.manifest
  return join(found.root, (exports === undefined ? main : entryOf(exports)) ?? 'index.js')
}

/** Imports another entry than the main one, such as `./cli`, of a package as seen from the first directory that has it. */
export async function importEntry(name: string, entry: string, directories: readonly string[]): Promise<unknown> {
  for (const directory of directories) {
    const found = await installedFrom(name, directory)
    const target = entryOf((Object(found?.manifest.exports) as Record<string, unknown>)[entry])
    if (found && target) return import(pathToFileURL(join(found.root, target)).href)
  }
  return undefined
}

interface Installed {
  readonly root: string
  readonly manifest: { readonly exports?: unknown; readonly main?: string }
}

async function installedFrom(name: string, directory: string): Promise<Installed | undefined> {
  const folders = createRequire(join(directory, 'config.js')).resolve.paths(name) ?? []
  for (const folder of folders) {
    const root = join(folder, name)
    const manifest = await readFile(join(root, 'package.json'), 'utf8').catch(() => undefined)
    if (manifest !== undefined) return { root, manifest: JSON.parse(manifest) as Installed['manifest'] }
  }
  return undefined
}

const conditions = new Set(['node', 'import', 'module-sync', 'default'])

/** The target of `.` for an `import`: https://nodejs.org/api/packages.html#conditional-exports */
function entryOf(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports
  if (Array.isArray(exports)) return exports.map(entryOf).find(Boolean)
  if (typeof exports !== 'object' || exports === null) return undefined
  for (const [name, target] of Object.entries(exports)) {
    const entry = name === '.' || conditions.has(name) ? entryOf(target) : undefined
    if (entry) return entry
  }
  return undefined
}
