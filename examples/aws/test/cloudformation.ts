import { type CollectionTag, type ScalarTag, isCollection, parse } from 'yaml'

export interface Template {
  Parameters?: Record<string, { Default?: string }>
  Conditions?: Record<string, unknown>
  Resources: Record<string, { Type: string; Condition?: string; Properties: Record<string, unknown> }>
  Outputs: Record<string, { Description?: string; Value: unknown }>
}

/** Reads CloudFormation's YAML with the short forms of its functions: `!Ref A` is `{ Ref: 'A' }`, `!Sub A` is `{ 'Fn::Sub': 'A' }`. */
export function parseTemplate(text: string): Template {
  const tags = ['Ref', 'GetAtt', 'Sub', 'If', 'Not', 'Equals'].flatMap((name): (ScalarTag | CollectionTag)[] => {
    const key = name === 'Ref' ? 'Ref' : `Fn::${name}`
    return [
      { tag: `!${name}`, resolve: (value: string) => ({ [key]: value }) },
      {
        tag: `!${name}`,
        collection: 'seq',
        resolve: (value: unknown) => ({ [key]: isCollection(value) ? value.toJSON() : value }),
      },
    ]
  })
  return parse(text, { customTags: tags }) as Template
}

/**
 * Properties of a template's resources by type, as they are when every parameter has its default: conditions decided, references and
 * texts with references `<reference>`.
 */
export function resourcesByType(template: Template): Record<string, unknown[]> {
  const found: Record<string, unknown[]> = {}
  for (const { Type, Condition, Properties } of Object.values(template.Resources)) {
    if (Condition !== undefined && !isTrue(template, { Condition })) continue
    ;(found[Type] ??= []).push(evaluate(template, Properties))
  }
  return found
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
