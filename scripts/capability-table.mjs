/**
 * Writes the table of capabilities in core's README: the columns from what drivers declare, the explanations from the doc
 * comments of the contract. With `--check` nothing is written, and a table that differs is a failure. Run after a build.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { filesystem, inmemory } from '../packages/middleware-core/dist/index.js'
import { s3 } from '../packages/s3-driver/dist/index.js'

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
const options = { region: 'eu-west-1', bucket: 'bucket', accessKey: 'key', secretKey: 'secret' }
const elsewhere = { ...options, regionEndpoint: 'https://s3.example' }
const drivers = {
  '`s3`, Amazon': s3(options),
  '`s3`, other servers': s3(elsewhere),
  '`s3`, `v4Auth: false`': s3({ ...elsewhere, v4Auth: false }),
  '`filesystem`': filesystem({ rootDirectory: 'files' }),
  '`inmemory`': inmemory(),
}

const contract = readFileSync('packages/middleware-core/src/contract/capabilities.ts', 'utf8')
const explained = [...contract.matchAll(/\/\*\* (.+) \*\/\n {2}readonly (\w+): Capability/g)]
const words = new Map([
  [true, 'yes'],
  [false, 'no'],
  ['varies', 'varies'],
])
const rows = explained.map(([, explanation, name]) => [
  `\`${name}\``,
  ...Object.values(drivers).map(({ capabilities }) => words.get(capabilities[name])),
  explanation,
])
for (const driver of Object.values(drivers)) await driver[Symbol.asyncDispose]()

const head = ['capability', ...Object.keys(drivers), 'what it is']
const table = [
  `| ${head.join(' | ')} |`,
  `|${'---|'.repeat(head.length)}`,
  ...rows.map(row => `| ${row.join(' | ')} |`),
]

const file = 'packages/middleware-core/README.md'
const before = readFileSync(file, 'utf8')
const after = before.replace(
  /(<!-- capabilities -->\n)[^]*?(<!-- end of capabilities -->)/,
  (_all, start, end) => `${start}\n${table.join('\n')}\n\n${end}`,
)
if (after !== before && process.argv.includes('--check')) {
  console.log(`${file}: its capabilities differ from what the drivers declare; npm run capabilities writes them`)
  process.exitCode = 1
} else writeFileSync(file, after)
