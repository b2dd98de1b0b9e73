import { describe, expect, it } from '@jest/globals'
import { parseYaml } from './parse-yaml.ts'
import { plain, sourceOf } from './tree.ts'

const source = (line: number) => ({ location: `config.yml:${line}`, fromEnvironment: false })
const read = (content: string): unknown => plain(parseYaml(content, source))

function messageOf(content: string): string {
  try {
    parseYaml(content, source)
  } catch (error) {
    expect(error).toMatchObject({ name: 'ConfigError', code: 'CONFIG' })
    return (error as Error).message
  }
  throw new Error('the text was accepted')
}

describe('parseYaml', () => {
  it('keeps every leaf a text', () => {
    expect(read('{a: off, b: 0123, c: true, d: 1e3, e: 2026-01-01, f: "x", g: !!int 5, h: 0.1}')).toEqual({
      a: 'off',
      b: '0123',
      c: 'true',
      d: '1e3',
      e: '2026-01-01',
      f: 'x',
      g: '5',
      h: '0.1',
    })
  })

  it('reads nothing, ~ and null as the empty text, but quoted ones as they are', () => {
    expect(read('a:\nb: ~\nc: null\nd: "null"\ne: ""\nf: {g}')).toEqual({
      a: '',
      b: '',
      c: '',
      d: 'null',
      e: '',
      f: { g: '' },
    })
    expect(read('')).toBe('')
    expect(read('# only a comment\n')).toBe('')
  })

  it('reads block texts, such as a key in PEM form', () => {
    expect(read('key: |\n  first\n  second\n')).toEqual({ key: 'first\nsecond\n' })
  })

  it('remembers the line of each key and list item', () => {
    const tree = parseYaml('a: 1\nb:\n  - c: 1\n  - d:\n      text\n', source)
    expect(sourceOf(tree, ['a']).location).toBe('config.yml:1')
    expect(sourceOf(tree, ['b']).location).toBe('config.yml:2')
    expect(sourceOf(tree, ['b', 0]).location).toBe('config.yml:3')
    expect(sourceOf(tree, ['b', 1, 'd']).location).toBe('config.yml:4')
    expect(sourceOf(tree, ['b', 1, 'missing']).location).toBe('config.yml:4')
  })

  it('follows anchors, aliases and merge keys', () => {
    expect(read('a: &a {x: 1, y: 2}\nb: *a\nc:\n  <<: *a\n  y: 3\nd:\n  <<: [{x: 5}, *a]\n')).toEqual({
      a: { x: '1', y: '2' },
      b: { x: '1', y: '2' },
      c: { x: '1', y: '3' },
      d: { x: '5', y: '2' },
    })
  })

  it('does not mind the ... around an example, a byte order mark or carriage returns', () => {
    expect(read('...\na: 1\n...\n')).toEqual({ a: '1' })
    expect(read('\uFEFFa: 1\r\nb: 2\r\n')).toEqual({ a: '1', b: '2' })
  })

  it('takes keys for data, whatever they are called', () => {
    const tree = read('__proto__: {polluted: yes}\nconstructor: 1\n') as object
    expect(Object.keys(tree)).toEqual(['__proto__', 'constructor'])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it.each([
    ['a tab', 'a: 1\nb:\n\tc: hunter2\n', /^config\.yml:3: a tab in the indentation; accepted: spaces$/],
    ['a key inside a value', 'a: 1\nb: hunter2: c\n', /^config\.yml:2: not valid YAML: a key inside a value/],
    ['a quote that never ends', 'a: "hunter2\n', /^config\.yml:\d: not valid YAML: a quote, .* is missing$/],
    ['a reserved character', 'a: 1\nb: @hunter2\n', /^config\.yml:2: not valid YAML: a text that starts with/],
    ['an unknown escape', 'a: "hunter2\\q"\n', /^config\.yml:1: not valid YAML: an unknown escape/],
    ['text after a value', '- a\n- b\nc: hunter2\n', /^config\.yml:\d: /],
    ['an alias without an anchor', 'a: 1\nb: *hunter2\n', /^config\.yml:2: an alias \(\*\) without an anchor/],
    ['a second document', 'a: 1\n---\nb: hunter2\n', /^config\.yml:3: a second YAML document/],
    ['a duplicate key', 'x:\n  a: 1\n  a: hunter2\n', /^config\.yml:3: x\.a: given twice, first at config\.yml:2/],
    ['a duplicate in another spelling', 'Aa: 1\naA: hunter2\n', /^config\.yml:2: aA: given twice/],
    ['a mapping as a key', '? {a: hunter2}\n: 1\n', /^config\.yml:1: a mapping or a list is used as a key/],
    ['a merge of a text', 'a:\n  <<: hunter2\n', /^config\.yml:2: a: a merge key \(<<\)/],
  ])('names the line of %s without quoting it', (_name, content, message) => {
    expect(messageOf(content)).toMatch(message)
    expect(messageOf(content)).not.toContain('hunter2')
    expect(messageOf(content)).not.toContain('\n')
  })

  it('bounds what aliases and nesting can grow to', () => {
    const lines = Array.from({ length: 12 }, (_, index) => {
      const aliases = `*l${index - 1}, `.repeat(9)
      return `l${index}: &l${index} [${index === 0 ? 'x' : aliases}]`
    })
    expect(messageOf(lines.join('\n'))).toMatch(/more than 10000 values/)
    expect(messageOf('a: &a {b: *a}')).toMatch(/nested too deeply/)
    expect(messageOf('['.repeat(5000))).toMatch(/^config\.yml:1: /)
  })
})
