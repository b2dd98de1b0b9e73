import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { cloudfront } from '@longshore/middleware-cloudfront'
import { filesystem, prefix, redirect, rewrite } from '@longshore/middleware-core'
import { s3 } from '@longshore/s3-driver'
import { LanguageServer } from './src/language-server.ts'

let server: LanguageServer

beforeAll(async () => {
  server = await LanguageServer.start()
})

afterAll(() => server[Symbol.asyncDispose]())

const factories = [
  ['@longshore/middleware-core', 'filesystem', filesystem.definition.options],
  ['@longshore/middleware-core', 'prefix', prefix.definition.options],
  ['@longshore/middleware-core', 'redirect', redirect.definition.options],
  ['@longshore/middleware-core', 'rewrite', rewrite.definition.options],
  ['@longshore/s3-driver', 's3', s3.definition.options],
  ['@longshore/middleware-cloudfront', 'cloudfront', cloudfront.definition.options],
] as const

/** Opens a program that uses the built packages, as one outside of this repository would. */
function openProgram(name: string, lines: readonly string[]): string {
  const file = `test/e2e/editor-${name}.ts`
  server.open(file, lines.join('\n'))
  return file
}

describe('an editor', () => {
  it.each(factories)('of %s explains every option of %s', async (packageName, name, schema) => {
    const options = Object.keys(schema._zod.def.shape)
    const given = options.map(option => `  ${option}: undefined as never,`)
    const file = openProgram(`${name}-hover`, [`import { ${name} } from '${packageName}'`, `${name}({`, ...given, '})'])
    const tooltips: Record<string, string> = {}
    for (const [index, option] of options.entries()) tooltips[option] = await server.hover(file, index + 2, 3)
    const unexplained = options.filter(option => !/\n```\n\S+ \S+/.test(tooltips[option] ?? ''))
    expect(unexplained).toEqual([])
  })

  it.each(factories)('of %s proposes the options of %s and no others', async (packageName, name, schema) => {
    const file = openProgram(`${name}-names`, [`import { ${name} } from '${packageName}'`, `${name}({  })`])
    const proposed = await server.completions(file, 1, name.length + 3)
    const names = proposed.map(label => label.replace(/\?$/, ''))
    expect(names.toSorted()).toEqual(Object.keys(schema._zod.def.shape).toSorted())
  })

  it.each([
    ['@longshore/s3-driver', 's3', 'storageClass', ['STANDARD', 'GLACIER_IR', 'NONE']],
    ['@longshore/s3-driver', 's3', 'retryMode', ['standard', 'adaptive']],
    ['@longshore/middleware-cloudfront', 'cloudfront', 'hashAlgorithm', ['SHA1', 'SHA256']],
  ])('of %s completes %s({ %s }) with its choices', async (packageName, name, option, choices) => {
    const call = `${name}({ ${option}: '`
    const file = openProgram(`${name}-${option}`, [`import { ${name} } from '${packageName}'`, `${call}' })`])
    expect(await server.completions(file, 1, call.length)).toEqual(expect.arrayContaining(choices))
  })
})
