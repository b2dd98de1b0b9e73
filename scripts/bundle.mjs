/**
 * Makes one JavaScript file of each entry point of a package, next to the declarations that `tsc` has written: Node takes
 * about half a millisecond to find and link an ES module, so many small files would make a slow import. Run in the
 * package's directory, with its entry points as arguments. One that browsers load, `browser:FILE`, shares no file with others.
 */
import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'

const outdir = 'dist'

// Files of an earlier run whose names hold the hash of what was in them, and declarations of sources that are gone.
for (const file of await readdir(outdir, { recursive: true })) {
  const source = /^(.*)\.d\.ts(\.map)?$/.exec(file)?.[1]
  if (/\.js(\.map)?$/.test(file) || (source !== undefined && !existsSync(join('src', `${source}.ts`)))) {
    await rm(join(outdir, file))
  }
}

const entryPoints = process.argv.slice(2)
const browserEntries = entryPoints.flatMap(entry => /^browser:(.*)/.exec(entry)?.slice(1) ?? [])
const shared = {
  outdir,
  outbase: 'src',
  bundle: true,
  format: 'esm',
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
}
if (browserEntries.length > 0) {
  await build({ ...shared, entryPoints: browserEntries, platform: 'browser', target: 'es2022' })
}

await build({
  ...shared,
  entryPoints: entryPoints.filter(entry => !entry.startsWith('browser:')),
  splitting: true,
  platform: 'node',
  target: 'node20.19',
  // What others wrote stays a dependency, where `npm audit` and tools for licenses see it and npm deduplicates it.
  packages: 'external',
})
