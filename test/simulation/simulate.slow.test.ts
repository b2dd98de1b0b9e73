import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'

const program = fileURLToPath(new URL('simulate.mjs', import.meta.url))

const mutants = JSON.parse(readFileSync(new URL('mutants.json', import.meta.url), 'utf8')) as {
  name: string
  world: string
}[]

/** Runs the simulator in a process of its own, as it replaces the clock. */
function simulate(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise(resolve => {
    const child = execFile(process.execPath, ['--no-warnings', program, ...args], (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, output: stdout + stderr })
    })
  })
}

describe('the S3 driver, in virtual time', () => {
  it('keeps its promises in many schedules', async () => {
    const { code, output } = await simulate('--seeds', '300')
    expect(output).toMatch(/two-writers: 300 schedules/)
    expect(output).toMatch(/takeover: 300 schedules/)
    expect(code).toBe(0)
  }, 600_000)

  it('does the same again for the same seed', async () => {
    const outputs = await Promise.all([simulate('--seed', '7'), simulate('--seed', '7')])
    const [one, other] = outputs.map(({ output }) => output.replace(/\d+ schedules a second/, ''))
    expect(one).toBe(other)
  }, 600_000)

  it.each(mutants)(
    'finds $name',
    async ({ name, world }) => {
      const { code, output } = await simulate('--world', world, '--seeds', '500', `--mutant=${name}`)
      expect(output).toMatch(/Violation/)
      expect(code).toBe(1)
    },
    600_000,
  )
})
