/**
 * Writes docs/troubleshooting.md: every problem that `longshore doctor` knows, from the checks themselves. With `--check` nothing
 * is written, and a page that differs is a failure. Run after a build.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { problems } from '../packages/middleware-core/dist/cli/index.js'

const packages = [
  ['s3', 'S3', 's3-driver'],
  ['cloudfront', 'CloudFront', 'middleware-cloudfront'],
]
const sections = []
for (const [name, title, folder] of packages) {
  const { doctor } = await import(`../packages/${folder}/dist/cli/index.js`)
  sections.push({ name, title, problems: doctor.problems })
}
sections.push({ name: '', title: 'Configuration and storage', problems })

const head = `# Troubleshooting

\`longshore doctor config.yml\` tries out a set-up from the configuration to a pull at the edge, and names what is wrong. This page lists
all that it can find, by what one sees. Its texts are those of the checks: \`npm run troubleshooting\` writes it.

Run it on the machine that runs the service: permissions, clock and network are those of the machine. It takes a minute at most, and
changes nothing but a directory of its own, which it removes.
`

const page = [head, ...sections.map(sectionOf)].join('\n')
const file = 'docs/troubleshooting.md'
const before = readFileSync(file, { encoding: 'utf8', flag: 'a+' })
if (page !== before && process.argv.includes('--check')) {
  console.log(`${file}: differs from the checks of longshore doctor; npm run troubleshooting writes it`)
  process.exitCode = 1
} else if (page !== before) writeFileSync(file, page)

function sectionOf({ title, problems: found }) {
  const names = found.map(({ name }) => name)
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated) throw new Error(`${title}: two problems are called ${repeated}`)
  return `## ${title}\n\n${groupsOf(found).map(rowsOf).join('\n')}`
}

/** Problems with one symptom stand together: that is what tells them apart for a reader. */
function groupsOf(found) {
  const groups = new Map()
  for (const problem of found) groups.set(problem.symptom, [...(groups.get(problem.symptom) ?? []), problem])
  return [...groups]
}

function rowsOf([symptom, found]) {
  const rows = found.map(({ name, severity, cause, remedy }) => {
    const says = `**\`${name}\`**${severity === 'warning' ? ' (warning)' : ''}: ${cause}`
    return `| ${says} | ${remedy} |`
  })
  return `### ${symptom.replace(/\.$/, '')}\n\n| doctor says | remedy |\n|---|---|\n${rows.map(escaped).join('\n')}\n`
}

function escaped(row) {
  return row.replaceAll('<', '&lt;')
}
