/**
 * Fails when two folders of a package import each other at run time, directly or around others: then they are one subject, or
 * one holds something of the other. esbuild tells the imports. Circles between files are oxlint's (`import/no-cycle`), and
 * that packages point one way is seen to by TypeScript's project references. Run by `npm run check`.
 */
import { readdirSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import { build } from 'esbuild'

let circles = 0
for (const root of ['packages', 'examples', 'test', 'bench'].flatMap(sourceRoots)) {
  const imports = await folderImports(root)
  for (const circle of circlesIn(imports)) {
    console.log(`${root}: ${[...circle, circle[0]].join(' -> ')}`)
    circles += 1
  }
}
process.exitCode = circles === 0 ? 0 : 1

function sourceRoots(workspace) {
  const folders = readdirSync(workspace).map(name => `${workspace}/${name}`)
  return [...folders, workspace].map(folder => `${folder}/src`).filter(folder => entriesOf(folder).length > 0)
}

/** The folders that each folder below `root` imports, itself left out. The files at the top belong to all, and to none. */
async function folderImports(root) {
  const { metafile } = await build({
    entryPoints: entriesOf(root),
    bundle: true,
    write: false,
    outdir: 'none',
    format: 'esm',
    platform: 'node',
    packages: 'external',
    metafile: true,
    logLevel: 'error',
  })
  const imports = new Map()
  for (const [file, input] of Object.entries(metafile.inputs)) {
    const from = folderOf(root, file)
    for (const { path, external } of input.imports) {
      const to = external ? '' : folderOf(root, path)
      if (from !== '' && to !== '' && from !== to) imports.set(from, (imports.get(from) ?? new Set()).add(to))
    }
  }
  return imports
}

function entriesOf(root) {
  try {
    return readdirSync(root, { recursive: true })
      .filter(name => /(?<!\.test)\.ts$/.test(name))
      .map(name => `${root}/${name}`)
  } catch {
    return []
  }
}

/** The first folder below `root`: what lies deeper is its own affair. */
function folderOf(root, file) {
  const inside = relative(root, dirname(file))
  return inside.startsWith('..') ? '' : (inside.split('/')[0] ?? '')
}

/** Each pair of folders that lead to each other, once. */
function circlesIn(imports) {
  const reaches = (from, to, seen = new Set()) =>
    [...(imports.get(from) ?? [])].some(next => {
      if (next === to) return true
      if (seen.has(next)) return false
      seen.add(next)
      return reaches(next, to, seen)
    })
  const folders = [...imports.keys()]
  return folders.flatMap((one, index) =>
    folders
      .slice(index + 1)
      .filter(other => reaches(one, other) && reaches(other, one))
      .map(other => [one, other]),
  )
}
