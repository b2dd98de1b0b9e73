import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'

/** System calls of one call of the driver, in the order in which they ended. */
type Trace = readonly string[]

const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0
const traceable = canTrace ? describe : describe.skip
const note = canTrace ? '' : '. To run it: sudo apt-get install strace'

let directory: string
let traces: Map<string, Trace>

beforeAll(async () => {
  if (!canTrace) return
  directory = await realpath(await mkdtemp(join(tmpdir(), 'longshore-')))
  traces = await traceProgram(directory)
})
afterAll(async () => {
  if (canTrace) await rm(directory, { recursive: true, force: true })
})

traceable(`what the filesystem driver has on the disk when a call resolves${note}`, () => {
  it.each([
    ['putContent', 'put/file', 'rename'],
    ['putContent where no file is', 'new/file', 'link'],
    ['commit', 'committed/file', 'rename'],
  ])('%s: the bytes, then the name, in directories that are there themselves', (call, file, naming) => {
    const [folder] = file.split('/')
    expect(stepsOf(call, ['fdatasync', naming, 'mkdir', 'fsync'])).toEqual([
      expect.stringMatching(/^fdatasync ~(temporary|uploads)\/\S+$/),
      `mkdir ${folder}`,
      'fsync .',
      expect.stringMatching(new RegExp(`^${naming} ~(temporary|uploads)/\\S+ ${file}$`)),
      `fsync ${folder}`,
    ])
  })

  it('close: the bytes, then the name by which the upload is found', () => {
    expect(stepsOf('close', ['fdatasync', 'rename', 'fsync'])).toEqual([
      expect.stringMatching(/^fdatasync ~uploads\/\S+$/),
      expect.stringMatching(/^rename ~uploads\/\S+ ~uploads\/\S+\.closed$/),
      'fsync ~uploads',
    ])
  })

  it('commit after a close: the name, as the bytes are there', () => {
    expect(stepsOf('commit after a close', ['fdatasync', 'rename', 'fsync']).slice(-2)).toEqual([
      expect.stringMatching(/^rename ~uploads\/\S+\.closed closed\/file$/),
      'fsync closed',
    ])
  })

  it('move: the new name, then that the old one is gone', () => {
    const steps = stepsOf('move', ['rename', 'fsync', 'rmdir'])
    expect(steps.slice(steps.indexOf('rename put/file moved/file'))).toEqual([
      'rename put/file moved/file',
      'fsync moved',
      'fsync put',
      'rmdir put',
    ])
  })
})

/** System calls of these names that succeeded, without what only prepares the driver's own directories. */
function stepsOf(call: string, names: readonly string[]): string[] {
  const trace = traces.get(call) ?? []
  const steps = trace.filter(step => names.includes(step.split(' ')[0] ?? ''))
  const start = steps.findIndex(step => step.startsWith('fdatasync'))
  return start < 0 ? steps : steps.slice(start)
}

/** Runs the program below strace. A trace has a line a system call, with paths below the root directory. */
async function traceProgram(folder: string): Promise<Map<string, Trace>> {
  const [program, output, root] = ['program.mjs', 'trace', 'root'].map(name => join(folder, name)) as [
    string,
    string,
    string,
  ]
  await build({
    entryPoints: [fileURLToPath(new URL('program.ts', import.meta.url))],
    outfile: program,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'warning',
  })
  const traced = 'trace=fdatasync,fsync,rename,renameat,renameat2,link,linkat,mkdir,mkdirat,rmdir,unlinkat,write'
  await promisify(execFile)(
    'strace',
    ['-f', '-y', '-qq', '-s', '4096', '-e', traced, '-o', output, process.execPath, program, root],
    {
      env: { ...process.env, UV_USE_IO_URING: '0' },
    },
  )
  return readTrace(await readFile(output, 'utf8'), root)
}

function readTrace(text: string, root: string): Map<string, Trace> {
  const found = new Map<string, string[]>()
  const unfinished = new Map<string, string>()
  let steps: string[] | undefined
  for (const line of text.split('\n')) {
    const [, thread = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    if (rest.endsWith(' <unfinished ...>')) {
      unfinished.set(thread, rest.slice(0, -' <unfinished ...>'.length))
      continue
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)?.[1]
    const call = resumed === undefined ? rest : `${unfinished.get(thread) ?? ''}${resumed}`
    const [, mark, name = ''] = /^write\(1.*"(begin|end) (.*)\\n"/.exec(call) ?? []
    if (mark === 'begin') found.set(name, (steps = []))
    if (mark === 'end') steps = undefined
    const step = stepOf(call, root)
    if (step) steps?.push(step)
  }
  return found
}

/** `fsync(20</root/a>) = 0` as `fsync a`: what succeeded, and on what below the root. */
function stepOf(call: string, root: string): string | undefined {
  const [, name = '', args = ''] = /^(\w+)\((.*)\) += 0$/.exec(call) ?? []
  if (!name || name === 'write') return undefined
  const paths = [...args.matchAll(/"(\/[^"]*)"|^\d+<(\/[^>]*)>/g)].map(([, named, opened]) => named ?? opened ?? '')
  const kind = name.replace(/at2?$/, '')
  return [kind, ...paths.map(path => (path === root ? '.' : path.slice(root.length + 1)))].join(' ')
}
