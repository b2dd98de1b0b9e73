import { type CollectionTag, type ScalarTag, isCollection, parse } from 'yaml'

export interface Template {
  Parameters?: Record<string, { Default?: string }>
  Conditions?: Record<string, unknown>
  Resources: Record<string, { Type: string; Condition?: string; Properties: Record<string, unknown> }>
  Outputs: Record<string, { Description?: string; Value: unknown }>
}

/** Reads CloudFormation's YAML with the short forms of its functions: `!Ref A` is `{ Ref: 'A' }`, `!Sub A` is `{ 'Fn::Sub': 'A' }`. */
export function parseTemplate(text: string): Template {
  const tags = ['Ref', 'GetAtt', 'Sub', 'If', 'Not', 'Or', 'Equals', 'Split'].flatMap(
    (name): (ScalarTag | CollectionTag)[] => {
      const key = name === 'Ref' ? 'Ref' : `Fn::${name}`
      return [
        { tag: `!${name}`, resolve: (value: string) => ({ [key]: value }) },
        {
          tag: `!${name}`,
          collection: 'seq',
          resolve: (value: unknown) => ({ [key]: isCollection(value) ? value.toJSON() : value }),
        },
      ]
    },
  )
  return parse(text, { customTags: tags }) as Template
}

/**
 * Properties of a template's resources by type, as they are with these parameters and the defaults of the others: conditions decided,
 * references and texts with references `<reference>`.
 */
export function resourcesByType(given: Template, parameters: Record<string, string> = {}): Record<string, unknown[]> {
  const template = withParameters(given, parameters)
  const found: Record<string, unknown[]> = {}
  for (const { Type, Condition, Properties } of Object.values(template.Resources)) {
    if (Condition !== undefined && !isTrue(template, { Condition })) continue
    ;(found[Type] ??= []).push(evaluate(template, Properties))
  }
  return found
}

/** Properties whose values are free: names, texts for people, and what says a default again. */
const FREE = new Set(['Name', 'Comment', 'CallerReference', 'EncodedKey', 'ViewerCertificate', 'Path', 'BucketName'])

/** Part of resources that has to be the same in every language of the templates. */
export function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable)
  if (typeof value !== 'object' || value === null) return String(value)
  const entries = Object.entries(value).filter(([name]) => !FREE.has(name))
  return Object.fromEntries(entries.map(([name, property]) => [name, comparable(property)]))
}

function withParameters(template: Template, parameters: Record<string, string>): Template {
  const given = Object.entries(parameters).map(([name, Default]) => {
    if (!template.Parameters?.[name]) throw new Error(`the template has no parameter ${name}`)
    return [name, { Default }] as const
  })
  return { ...template, Parameters: { ...template.Parameters, ...Object.fromEntries(given) } }
}

function evaluate(template: Template, value: unknown): unknown {
  if (Array.isArray(value)) return value.map(item => evaluate(template, item)).filter(item => item !== undefined)
  if (!isRecord(value)) return value
  const { key, content } = firstEntry(value)
  if (key === 'Ref') {
    if (content === 'AWS::NoValue') return undefined
    return template.Parameters?.[String(content)]?.Default ?? '<reference>'
  }
  if (key === 'Fn::If') {
    const [Condition, then, otherwise] = content as [string, unknown, unknown]
    return evaluate(template, isTrue(template, { Condition }) ? then : otherwise)
  }
  if (key === 'Fn::Split') {
    const [separator, text] = content as [string, unknown]
    return String(evaluate(template, text)).split(separator)
  }
  if (key.startsWith('Fn::')) return '<reference>'
  const entries = Object.entries(value).map(([name, property]) => [name, evaluate(template, property)] as const)
  return Object.fromEntries(entries.filter(([, property]) => property !== undefined))
}

function isTrue(template: Template, condition: unknown): boolean {
  const { key, content } = firstEntry(condition as Record<string, unknown>)
  if (key === 'Condition') return isTrue(template, template.Conditions?.[String(content)])
  const operands = content as unknown[]
  if (key === 'Fn::Not') return !isTrue(template, operands[0])
  const [left, right] = operands.map(operand => evaluate(template, operand))
  return left === right
}

function firstEntry(value: Record<string, unknown>): { key: string; content: unknown } {
  const key = Object.keys(value)[0] ?? ''
  return { key, content: value[key] }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
