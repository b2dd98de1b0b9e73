import { readFileSync } from 'node:fs'
import { parseSync } from 'oxc-parser'

/** Doc comments of an interface's members by name, those of what it extends among them. */
export function docComments(file, type) {
  const source = readFileSync(file, 'utf8')
  const { program, comments } = parseSync(file, source)
  const declarations = program.body.map(statement => statement.declaration ?? statement)
  const commentsOf = name => {
    const found = declarations.find(({ type: kind, id }) => kind === 'TSInterfaceDeclaration' && id.name === name)
    if (!found) throw new Error(`${file}: found no interface ${name}`)
    const own = found.body.body.map(member => {
      const comment = comments.findLast(
        ({ end }) => end <= member.start && source.slice(end, member.start).trim() === '',
      )
      return [member.key.name, comment ? proseOf(comment.value) : '']
    })
    return {
      ...Object.assign({}, ...found.extends.map(({ expression }) => commentsOf(expression.name))),
      ...Object.fromEntries(own),
    }
  }
  return commentsOf(type)
}

function proseOf(comment) {
  return comment
    .replaceAll(/^\s*\*+ ?/gm, '')
    .replaceAll(/\{@link ([^}]+)\}/g, '`$1`')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
