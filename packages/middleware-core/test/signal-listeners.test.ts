import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { build } from 'esbuild'

/** A process that makes 20 calls of each kind at once with one signal. Node warns of the eleventh listener on stderr. */
const program = `
import { compose, filesystem, inmemory, prefix } from '../src/index.ts'

const rootDirectory = process.argv[1]
const drivers = { inmemory: inmemory(), filesystem: filesystem({ rootDirectory }) }
const driver = compose(drivers[process.argv[2]], prefix({ path: '/tenant' }))
const { signal } = new AbortController()
await driver.putContent('/file', 'content')
const atOnce = call => Promise.all(Array.from({ length: 20 }, (_, index) => call('/file' + index)))
await atOnce(path => driver.putContent(path, 'content', { signal }))
await atOnce(path => driver.getContent(path, { signal }))
await atOnce(path => driver.stat(path, { signal }))
const readers = await atOnce(path => driver.reader(path, { signal }))
const writers = await atOnce(path => driver.writer(path, { signal }))
for (const reader of readers) reader.destroy()
for (const writer of writers) writer.write('content')
await Promise.all(writers.map(writer => writer.commit({ signal })))
await atOnce(path => driver.delete(path, { signal }))
console.log('done')
`

let directory: string
let code: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'longshore-signals-'))
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    packages: 'external',
  })
  code = outputFiles[0]?.text ?? ''
})

afterAll(() => rm(directory, { recursive: true }))

describe('many calls with one signal', () => {
  it.each(['inmemory', 'filesystem'])('are no leak of listeners to Node, with the %s driver', async name => {
    const argv = ['--input-type=module', '--eval', code, directory, name]
    const { stdout, stderr } = await promisify(execFile)(process.execPath, argv, { cwd: import.meta.dirname })
    expect({ stdout, stderr }).toEqual({ stdout: 'done\n', stderr: '' })
  })
})
