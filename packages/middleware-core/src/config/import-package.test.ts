import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { loadConfig } from './config.ts'
import { createStorage } from './create-storage.ts'
import { importPackage } from './import-package.ts'

let project: string
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'longshore-packages-'))
  await mkdir(join(project, 'etc'))
})
afterAll(() => rm(project, { recursive: true }))

async function install(name: string, manifest: object, files: Record<string, string>): Promise<string> {
  const root = join(project, 'node_modules', name)
  await mkdir(root, { recursive: true })
  await writeFile(join(root, 'package.json'), JSON.stringify({ name, type: 'module', ...manifest }))
  for (const [file, content] of Object.entries(files)) await writeFile(join(root, file), content)
  return root
}

describe('importPackage', () => {
  it('imports what this package can import', async () => {
    await expect(importPackage('zod', [])).resolves.toHaveProperty('object')
  })

  it.each([
    ['exports as a text', { exports: './entry.js' }],
    ['exports for import alone', { exports: { '.': { types: './x.d.ts', import: './entry.js' } } }],
    [
      'nested conditions',
      { exports: { node: { require: './x.cjs', default: './entry.js' }, default: './browser.js' } },
    ],
    ['fallbacks', { exports: { '.': [{ browser: './x.js' }, './entry.js'] } }],
    ['main', { main: 'entry.js' }],
  ])('finds a package from a directory below: %s', async (name, manifest) => {
    const packageName = `@acme/${name.replaceAll(' ', '-')}`
    await install(packageName, manifest, { 'entry.js': `export default ${JSON.stringify(name)}` })
    await expect(importPackage(packageName, ['/nowhere', join(project, 'etc')])).resolves.toMatchObject({
      default: name,
    })
  })

  it('finds a linked package', async () => {
    const root = await install('linked-target', {}, { 'index.js': 'export default 1' })
    await symlink(root, join(project, 'node_modules', 'linked'))
    await expect(importPackage('linked', [project])).resolves.toMatchObject({ default: 1 })
  })

  it('answers undefined where nobody has it, and for what is of Node itself', async () => {
    await expect(importPackage('surely-not-installed', [project])).resolves.toBeUndefined()
    await expect(importPackage('fs', [project])).resolves.toBeUndefined()
  })

  it('does not take a package that lacks another one for absent', async () => {
    await install('needy', {}, { 'index.js': "import 'surely-not-installed'" })
    await expect(importPackage('needy', [project])).rejects.toThrow('surely-not-installed')
  })
})

describe('a driver that is installed beside the configuration file', () => {
  it('is found by its name', async () => {
    const source = `
import { defineDriver } from '@longshore/middleware-core'
import { z } from 'zod'
export default defineDriver({ name: 'mine', options: z.object({}), create: () => ({}) })`
    await install('@acme/driver', {}, { 'index.js': source })
    await symlink(join(process.cwd(), 'node_modules', 'zod'), join(project, 'node_modules', 'zod'))
    const file = join(project, 'etc', 'config.yml')
    await writeFile(file, 'storage: {"@acme/driver": {}}\n')
    await using storage = await createStorage(await loadConfig(file, { env: {} }))
    expect(storage.name).toBe('mine')
  })
})
