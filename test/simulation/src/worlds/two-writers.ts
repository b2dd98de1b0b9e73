import { undefinedIfNotFound } from '@longshore/middleware-core'
import { FileHistory } from '../invariants/file-history.ts'
import { assertNoOrphans } from '../invariants/no-orphans.ts'
import { PART_BYTES } from '../s3/node.ts'
import type { Simulation } from '../world/simulation.ts'
import type { World } from './world.ts'

const PATH = '/artifact'

/** Two nodes write one path, each its own content, while a third reads it; commits whose outcome is unknown are repeated. */
export const twoWriters: World = {
  name: 'two-writers',
  faults: 4,
  async play(simulation) {
    const { random } = simulation
    const file = new FileHistory(simulation, PATH, random.chance(0.5) ? { ifAbsent: true } : {})
    for (const name of ['a', 'b']) {
      const content = name.repeat(random.integer(4 * PART_BYTES))
      const closesFirst = random.chance(0.25)
      simulation.start(name, async () => {
        const writer = await simulation.node(name).writer(PATH)
        writer.write(content)
        // A write that failed shows in the commit.
        if (closesFirst) await writer.close().catch(() => {})
        await file.commit(name, writer, content)
      })
    }
    simulation.start('reader', () => readSometimes(simulation, file))
    await simulation.settle()
    await simulation.heal()
    await assertNoOrphans(simulation, [PATH])
  },
}

async function readSometimes(simulation: Simulation, file: FileHistory): Promise<void> {
  const storage = simulation.node('reader')
  for (let reads = 0; reads < 3; reads++) {
    const began = simulation.step
    const content = await undefinedIfNotFound(storage.getContent(PATH)).catch(error => ignoreUnavailable(error))
    if (content !== 'unavailable') file.assertRead(content && Buffer.from(content).toString(), began)
  }
}

function ignoreUnavailable(error: unknown): 'unavailable' {
  if ((error as { code?: string }).code !== 'UNAVAILABLE') throw error
  return 'unavailable'
}
