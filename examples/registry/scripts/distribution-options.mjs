// Names the options that distribution.yml lacks, from Distribution's own source:
//
//   node scripts/distribution-options.mjs path/to/distribution/configuration/configuration.go
//
// Ends with 1 when there are some. What is below storage drivers, kinds of authentication and middlewares is no part of it:
// to Distribution these are maps of anything.

import { readFileSync } from 'node:fs'

const [source] = process.argv.slice(2)
if (source === undefined) throw new Error('which file? accepted: the path of configuration.go')
const structs = structsOf(readFileSync(source, 'utf8'))
const known = optionsOf(readFileSync(new URL('../distribution.yml', import.meta.url), 'utf8'))
const missing = leaves('Configuration', []).filter(option => !known.has(option))
for (const option of missing) console.log(option)
process.exitCode = missing.length > 0 ? 1 : 0

/** Fields of each struct: the name in YAML, and the type. */
function structsOf(go) {
  const found = new Map()
  for (const [, name, body] of go.matchAll(/^type (\w+) struct \{\n([^]*?)^\}/gm)) {
    const fields = body.matchAll(/^\t(\w+) +([\w.*[\]]+)(?: +`yaml:"([^",]*)(,inline)?[^`]*`)?/gm)
    found.set(
      name,
      Array.from(fields, ([, field, type, yaml, inline]) => ({
        name: inline ? undefined : yaml || field.toLowerCase(),
        // What is in a map has names of its own.
        type: type.startsWith('map[') ? '' : type.replaceAll(/[*[\]]/g, ''),
      })),
    )
  }
  return found
}

function leaves(struct, path) {
  return (structs.get(struct) ?? []).flatMap(({ name, type }) => {
    const here = name === undefined ? path : [...path, name]
    return structs.has(type) ? leaves(type, here) : [here.join('.')]
  })
}

/** Every path of the file, by its indentation and without the numbers of entries. */
function optionsOf(yaml) {
  const options = new Set()
  const parents = []
  for (const line of yaml.split('\n')) {
    const [, blanks = '', dash = '', name] = /^( *)(- )?([\w-]+):/.exec(line) ?? []
    if (name === undefined) continue
    const indent = blanks.length + dash.length
    while ((parents.at(-1)?.indent ?? -1) >= indent) parents.pop()
    parents.push({ indent, name })
    options.add(parents.map(parent => parent.name).join('.'))
  }
  return options
}
