import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { inmemory } from '../../drivers/inmemory/index.ts'
import type { StorageDriver } from '../../contract/index.ts'
import { TestContext } from '../test-context.ts'
import type { ContractSection } from '../contract-section.ts'
import { generate } from './generate.ts'
import { type Operation, type Outcome, describe } from './operation.ts'
import { perform } from './perform.ts'
import { shrink } from './shrink.ts'
import { StoredPaths } from './stored.ts'
import { UploadedBytes } from './uploaded-bytes.ts'

/** An operation whose outcome differs from the model's. */
interface Mismatch {
  readonly position: number
  readonly expected: Outcome
  readonly found: Outcome
}

/** Random sequences of operations, compared step by step with the in-memory driver. */
export const testRandomOperations: ContractSection = (test, settings) => {
  const { seeds, operations: count, sizes } = settings.fuzz
  for (const seed of seeds) {
    test(`seed ${seed}`, async context => {
      const operations = generate(seed, count, sizes)
      const mismatch = await firstMismatch(operations, context)
      if (!mismatch) return
      // Each try needs an empty place of its own.
      const mismatchOf = async (part: Operation[]): Promise<Mismatch | undefined> => {
        let found: Mismatch | undefined
        await TestContext.run({ ...settings, exclusive: false }, async fresh => {
          found = await firstMismatch(part, fresh)
        })
        return found
      }
      const failing = operations.slice(0, mismatch.position + 1)
      const shortest = await shrink(failing, async part => (await mismatchOf(part)) !== undefined)
      assert.fail(report(seed, shortest, (await mismatchOf(shortest)) ?? mismatch))
    })
  }
}

async function firstMismatch(
  operations: readonly Operation[],
  { driver: first, another, directory }: Pick<TestContext, 'driver' | 'another' | 'directory'>,
): Promise<Mismatch | undefined> {
  await using model = inmemory()
  const stored = new StoredPaths()
  const modelUploads = new UploadedBytes()
  const uploads = new UploadedBytes()
  let driver: StorageDriver = first
  for (const [position, operation] of operations.entries()) {
    if (!stored.defines(operation)) continue
    if (operation.kind === 'switch to another driver') driver = await another()
    const expected = await perform(operation, { driver: model, directory, uploads: modelUploads })
    const found = await perform(operation, { driver, directory, uploads })
    if (!isDeepStrictEqual(found, expected)) return { position, expected, found }
    stored.note(operation, expected)
  }
  return undefined
}

function report(seed: number, operations: readonly Operation[], { expected, found }: Mismatch): string {
  const steps = operations.map((operation, index) => `  ${index + 1}. ${describe(operation)}`)
  return [
    `seed ${seed}: the last of these operations gives ${shown(found)} instead of ${shown(expected)}`,
    ...steps,
  ].join('\n')
}

function shown(outcome: Outcome): string {
  return 'error' in outcome ? outcome.error : (JSON.stringify(outcome.value) ?? 'nothing')
}
