/**
 * Makes one JavaScript file of each entry point of a package, next to the declarations that `tsc` has written: Node takes
 * about half a millisecond to find and link an ES module, so many small files would make a slow import. Run in the
 * package's directory, with its entry points as arguments. One that browsers load, `browser:FILE`, shares no file with others.
 */
import { readFileSync } from 'node:fs'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'

const outdir = 'dist'
const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))

// Files of an earlier run whose names hold the hash of what was in them.
for (const file of await readdir(outdir, { recursive: true })) {
  if (/\.js(\.map)?$/.test(file)) await rm(join(outdir, file))
}

const entryPoints = process.argv.slice(2)
const browserEntries = entryPoints.flatMap(entry => /^browser:(.*)/.exec(entry)?.slice(1) ?? [])
const shared = { outdir, outbase: 'src', bundle: true, format: 'esm', sourcemap: true, logLevel: 'warning' }
if (browserEntries.length > 0) {
  await build({ ...shared, entryPoints: browserEntries, platform: 'browser', target: 'es2022' })
}

const { metafile } = await build({
  ...shared,
  entryPoints: entryPoints.filter(entry => !entry.startsWith('browser:')),
  splitting: true,
  platform: 'node',
  target: 'node20.19',
  // What is needed only here becomes part of the files; and of zod, whose types are still needed, the part that is used.
  external: Object.keys(dependencies).filter(name => name !== 'zod'),
  metafile: true,
})

const directories = Object.keys(metafile.inputs).flatMap(file => /.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? [])
const licenses = await Promise.all([...new Set(directories)].toSorted().map(licenseIn))
await writeFile(join(outdir, 'bundled-licenses.txt'), licenses.join('\n'))

/** A bundled package's license, which asks to come along with its code. */
async function licenseIn(directory) {
  const file = (await readdir(directory)).find(name => /^licen[cs]e/i.test(name))
  if (file === undefined) throw new Error(`no license found in ${directory}`)
  return `${directory.replace(/.*node_modules\//, '')}\n\n${readFileSync(join(directory, file), 'utf8')}`
}
