import { parseSync } from 'oxc-parser'

/**
 * Syntax that "JavaScript runtime 2.0 features for CloudFront Functions" lists: all of ES 5.1, and of later versions `const`, `let`,
 * `async`, `await`, template literals, arrow functions, rest parameters and `**`. What it does not list counts as missing.
 */
const SYNTAX = new Set(
  `Program ArrayExpression ArrowFunctionExpression AssignmentExpression AwaitExpression BinaryExpression BlockStatement BreakStatement
  CallExpression CatchClause ConditionalExpression ContinueStatement DoWhileStatement EmptyStatement ExpressionStatement ForInStatement
  ForStatement FunctionDeclaration FunctionExpression Identifier IfStatement LabeledStatement Literal LogicalExpression MemberExpression
  NewExpression ObjectExpression ParenthesizedExpression Property RestElement ReturnStatement SequenceExpression SwitchCase SwitchStatement TemplateElement
  TemplateLiteral ThisExpression ThrowStatement TryStatement UnaryExpression UpdateExpression VariableDeclaration VariableDeclarator
  WhileStatement`.split(/\s+/),
)

/** Operators later than ES 7. */
const OPERATORS = new Set(['??', '??=', '||=', '&&='])

/** "Restricted features": dynamic code, timers, network, files, processes. Only what stands under such a name in other runtimes. */
const GLOBALS = new Set(
  `eval Function setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate queueMicrotask fetch XMLHttpRequest
  WebSocket process global window self WebAssembly`.split(/\s+/),
)

const MODULES = new Set(['buffer', 'crypto', 'querystring'])

interface Node {
  type: string
  [key: string]: unknown
}

/** Names of what stands in the code and not in the runtime. */
export function violationsIn(code: string): string[] {
  const { program, errors } = parseSync('function.js', code, { sourceType: 'unambiguous' })
  const found = errors.map(error => error.message)
  const visit = (node: Node, parent?: Node): void => {
    found.push(...violationsOf(node, parent))
    for (const child of Object.values(node).flat()) if (isNode(child)) visit(child, node)
  }
  visit(program as unknown as Node)
  return found
}

function* violationsOf(node: Node, parent: Node | undefined): Generator<string> {
  if (!SYNTAX.has(node.type)) yield node.type
  if (typeof node.operator === 'string' && OPERATORS.has(node.operator)) yield node.operator
  if (node.type === 'Identifier' && GLOBALS.has(String(node.name)) && !isPropertyName(node, parent))
    yield String(node.name)
  if (node.type === 'CallExpression' && isNode(node.callee) && node.callee.name === 'require') {
    const [argument] = node.arguments as Node[]
    if (!MODULES.has(String(argument?.value))) yield `require(${JSON.stringify(argument?.value)})`
  }
}

function isPropertyName(node: Node, parent: Node | undefined): boolean {
  if (parent?.type === 'MemberExpression') return parent.property === node && parent.computed === false
  return parent?.type === 'Property' && parent.key === node && parent.computed === false
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}
