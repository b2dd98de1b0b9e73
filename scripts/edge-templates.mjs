/**
 * Copies the templates of `examples/aws` into a package, so that those who have it from npm have them, too. Run in the package's
 * directory, after the bundle, which removes JavaScript of earlier runs.
 */
import { cp, rm } from 'node:fs/promises'

const source = '../../examples/aws'
const target = 'dist/templates'

const files = [
  'cloudformation.yml',
  'terraform',
  'function',
  'cdk/cdk.json',
  'cdk/package.json',
  'cdk/registry-edge-stack.ts',
  'cdk/tsconfig.json',
]

await rm(target, { recursive: true, force: true })
for (const file of files) await cp(`${source}/${file}`, `${target}/${file}`, { recursive: true })
