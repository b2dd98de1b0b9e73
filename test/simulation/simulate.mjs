// Bundles the simulator with the sources of what it runs, as they are now, and runs it.
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = path => fileURLToPath(new URL(path, import.meta.url))
// One file for each process: several may run at once.
const program = here(`node_modules/.cache/simulate-${process.pid}.mjs`)
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

// Faults that the simulator has to find: in `file`, a source of the S3 driver, `from` becomes `to`.
const mutants = JSON.parse(readFileSync(here('mutants.json'), 'utf8'))
const mutantName = process.argv.find(argument => argument.startsWith('--mutant='))?.slice('--mutant='.length)
const mutant = mutants.find(({ name }) => name === mutantName)
if (mutantName !== undefined && !mutant) {
  throw new Error(`no mutant is named ${mutantName}; accepted: ${mutants.map(({ name }) => name).join(', ')}`)
}

/** Puts a fault into the one file that has it. */
const mutate = {
  name: 'mutate',
  setup({ onLoad }) {
    if (!mutant) return
    onLoad({ filter: /[\\/]s3-driver[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
      if (!path.replaceAll('\\', '/').endsWith(`/src/${mutant.file}`)) return undefined
      const source = readFileSync(path, 'utf8')
      if (!source.includes(mutant.from)) throw new Error(`${mutant.file} has no place for ${mutant.name} any more`)
      return { contents: source.replace(mutant.from, () => mutant.to), loader: 'ts' }
    })
  },
}

await build({
  entryPoints: [here('src/main.ts')],
  outfile: program,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  alias: {
    '@longshore/middleware-core': here('../../packages/middleware-core/src/index.ts'),
    '@longshore/local-cloud': here('../local-cloud/src/index.ts'),
  },
  plugins: [mutate],
  sourcemap: 'inline',
  logLevel: 'warning',
})
try {
  await import(program)
} finally {
  await rm(program, { force: true })
}
