/**
 * Writes the tables of options in the packages' READMEs: names, types and defaults from the schemas, the explanations from the
 * doc comments that an editor shows. The last column, the tests, is written by hand and kept. With `--check` nothing is
 * written: a table that differs, a default or limit that a comment does not tell, or a test that is not there is a failure.
 * `npm run check` does that, after the build. In a README, a table stands between
 * `<!-- options: FACTORY INTERFACE FILE -->` and `<!-- end of options -->`.
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { globalRegistry } from 'zod/v4/core'
import { docComments } from './doc-comments.mjs'

const isCheck = process.argv.includes('--check')
const problems = []
const tests = ['packages', 'examples', 'test'].flatMap(folder =>
  readdirSync(folder, { recursive: true })
    .filter(path => path.endsWith('.test.ts') && !path.includes('node_modules'))
    .map(path => `/${path.replace(/(\.slow)?\.test\.ts$/, '')}`),
)

for (const name of readdirSync('packages')) {
  const folder = `packages/${name}`
  const file = `${folder}/README.md`
  const before = readFileSync(file, 'utf8')
  const factories = await import(pathToFileURL(`${folder}/dist/index.js`).href)
  const after = before.replaceAll(
    /(<!-- options: (\w+) (\w+) (\S+) -->\n)([^]*?)(<!-- end of options -->)/g,
    (_all, start, factory, type, source, table, end) => {
      const shape = factories[factory].definition.options._zod.def.shape
      const comments = docComments(`${folder}/${source}`, type)
      return `${start}\n${tableOf(`${factory}.`, shape, comments, testsNamedIn(table))}\n\n${end}`
    },
  )
  if (after === before) continue
  if (isCheck) problems.push(`${file}: its options differ from the sources; npm run options writes them`)
  else writeFileSync(file, after)
}
for (const problem of problems) console.log(problem)
process.exitCode = problems.length === 0 ? 0 : 1

/** The last column by the option's name. */
function testsNamedIn(table) {
  const rows = table.split('\n').filter(line => line.startsWith('| `'))
  return new Map(
    rows.map(line => [
      /`(\w+)`/.exec(line)[1],
      line
        .split(/(?<!\\)\|/)
        .at(-2)
        .trim(),
    ]),
  )
}

function tableOf(prefix, shape, comments, testsByOption) {
  const rows = Object.entries(shape).map(([name, schema]) => {
    const complain = problem => problems.push(`${prefix}${name}: ${problem}`)
    const comment = comments[name] ?? ''
    if (!comment) complain('found no doc comment')
    const { fallback, explanation } = splitComment(comment)
    compareDefault(schema, fallback, complain)
    compareLimits(schema, comment, complain)
    const named = testsByOption.get(name) ?? ''
    for (const [, test] of named.matchAll(/`([^`]+)`/g)) {
      if (!tests.some(path => path.endsWith(`/${test}`))) complain(`found no test ${test}`)
    }
    if (!named) complain('found no test in the last column of its row')
    return [`\`${name}\``, typeOf(schema), fallback, explanation, named].map(cell => cell.replaceAll('|', '\\|'))
  })
  const head = ['option', 'type', 'default', 'what it is', 'proved by']
  return [head, head.map(() => '---'), ...rows]
    .map(cells => `| ${cells.join(' | ')} |`)
    .join('\n')
    .replaceAll('| --- | --- | --- | --- | --- |', '|---|---|---|---|---|')
}

/** The sentence that tells the default, or that the option is required, and the others. */
function splitComment(comment) {
  const sentences = comment.split(/(?<=[.!?]) (?=[A-Z`\d])/)
  const isFallback = sentence => /^(Default|Required)\b/.test(sentence)
  const found = sentences
    .find(isFallback)
    ?.replace(/^Default:? /, '')
    .replace(/^Required/, 'required')
    .replace(/\.$/, '')
  return { fallback: found ?? 'none', explanation: sentences.filter(sentence => !isFallback(sentence)).join(' ') }
}

/** The comment must tell the schema's own default. One that depends on other options is not in the schema. */
function compareDefault(schema, fallback, complain) {
  const { type, defaultValue } = schema._zod.def
  if (!['optional', 'default', 'prefault'].includes(type) && !fallback.startsWith('required')) {
    complain('is required, which its doc comment does not say')
  }
  if (type !== 'default' && type !== 'prefault') return
  const told = fallback.replaceAll('`', '').split(/[;:,] /)[0]
  const spellings = spellingsOf(defaultValue, acceptedOf(schema))
  if (!spellings.includes(told)) complain(`its default is ${spellings[0]}, but its doc comment says ${told}`)
}

/** The comment must tell the limits, unless there is none to speak of. */
function compareLimits(schema, comment, complain) {
  const accepted = acceptedOf(schema)
  const limits = /^a whole number from (\d+) to (\d+)/.exec(accepted)?.slice(1).map(Number) ?? []
  if (limits.includes(Number.MAX_SAFE_INTEGER)) return
  for (const limit of limits) {
    // Node's largest buffer differs between its versions.
    if (accepted.endsWith('(bytes)') && limit % 2 ** 20 !== 0) continue
    const text = limit === 0 ? '0' : spellingsOf(limit, accepted)[0]
    const isTold = new RegExp(`(?<![\\d,.])${text}(?![\\d,]*\\d)`).test(comment)
    if (!isTold) complain(`its limit is ${text}, which its doc comment does not say`)
  }
}

/** A value as a comment may spell it. */
function spellingsOf(value, accepted) {
  if (value === '' || value === '/') return ['none']
  if (Array.isArray(value)) return value.length > 0 ? [value.join(',')] : ['none', 'all']
  if (typeof value !== 'number') return [String(value)]
  if (accepted.startsWith('a duration')) return [`${value / 1000}s`, `${value / 60_000}m`, `${value / 3_600_000}h`]
  const number = value.toLocaleString('en')
  if (!accepted.endsWith('(bytes)') || value % 2 ** 20 !== 0) return [number]
  return value % 2 ** 30 === 0 && value > 0 ? [`${value / 2 ** 30} GiB`] : [`${value / 2 ** 20} MiB`]
}

function typeOf(schema) {
  const accepted = acceptedOf(schema)
  if (accepted.startsWith('one of '))
    return accepted
      .slice(7)
      .split(', ')
      .map(name => `\`${name}\``)
      .join(' ')
  if (accepted.startsWith('a whole number')) return accepted.endsWith('(bytes)') ? 'bytes' : 'number'
  const kinds = { boolean: 'true or false', duration: 'a duration', list: 'a list', function: 'a function' }
  const kind = Object.entries(kinds).find(([, beginning]) => accepted.startsWith(beginning))?.[0]
  return kind ?? (/http or https URL/.test(accepted) ? 'URL' : 'text')
}

/** What the option takes, in the words of its error. */
function acceptedOf(schema) {
  const meta = globalRegistry.get(schema)
  if (meta?.accepted) return meta.accepted
  const { type, innerType, in: input } = schema._zod.def
  if (innerType ?? input) return acceptedOf(innerType ?? input)
  return type === 'array' ? 'a list' : 'a text'
}
