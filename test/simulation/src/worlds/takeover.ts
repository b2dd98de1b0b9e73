import { type FileWriter, isStorageError } from '@longshore/middleware-core'
import { FileHistory } from '../invariants/file-history.ts'
import { assertNoOrphans } from '../invariants/no-orphans.ts'
import { PART_BYTES } from '../s3/node.ts'
import { Violation } from '../world/event.ts'
import type { Simulation } from '../world/simulation.ts'
import type { World } from './world.ts'

const PATH = '/artifact'
const NODES = ['a', 'b', 'c']

/**
 * An upload in several requests of its client, each on a node that may crash at any moment. The next node takes the upload over while
 * requests of the one before are in the air. Every byte that a client was told of has to be there; the last node commits.
 */
export const takeover: World = {
  name: 'takeover',
  faults: 3,
  async play(simulation) {
    const { random } = simulation
    const file = new FileHistory(simulation, PATH, random.chance(0.5) ? { ifAbsent: true } : {})
    const content = Array.from({ length: random.integer(5 * PART_BYTES) }, (_, index) => letter(index)).join('')
    const isStaged = random.chance(0.5)
    simulation.start('client', async () => {
      let acknowledged = 0
      for (const node of NODES) {
        const end = Math.min(content.length, acknowledged + random.integer(3 * PART_BYTES))
        await simulation.startMortal(node, async () => {
          const writer = await open(simulation, node, acknowledged, isStaged)
          writer.write(content.slice(writer.size, Math.max(writer.size, end)))
          const isClosed = await writer.close().then(() => true, isExpected)
          if (isClosed) acknowledged = writer.size
        })
      }
      const writer = await open(simulation, 'last', acknowledged, isStaged)
      writer.write(content.slice(writer.size))
      await file.commit('last', writer, content)
    })
    await simulation.settle()
    await simulation.heal()
    await assertNoOrphans(simulation, [PATH])
  },
}

/** Continues the upload, or begins one where nobody was told of any byte. A storage that is out of reach is tried again. */
async function open(
  simulation: Simulation,
  node: string,
  acknowledged: number,
  isStaged: boolean,
): Promise<FileWriter> {
  const storage = simulation.node(node)
  const path = isStaged ? '/uploads/1' : PATH
  for (;;) {
    try {
      const writer = await storage.writer(path, { append: true, destination: PATH })
      if (writer.size < acknowledged) throw new Violation(`${node} finds ${writer.size} of ${acknowledged} bytes`)
      return writer
    } catch (error) {
      if (!isStorageError(error)) throw error
      const isNew = acknowledged === 0 && (error.code === 'PATH_NOT_FOUND' || error.code === 'UPLOAD_NOT_FOUND')
      if (isNew) return await storage.writer(path, { destination: PATH })
      if (error.code !== 'UNAVAILABLE') throw error
    }
  }
}

/** An upload that another node has taken over, or a storage that is out of reach, tells nobody of its bytes. */
function isExpected(error: unknown): false {
  if (!isStorageError(error, 'UNAVAILABLE', 'UPLOAD_NOT_FOUND')) throw error
  return false
}

/** Text in which each stretch tells where it belongs. */
function letter(index: number): string {
  return String.fromCharCode('0'.charCodeAt(0) + ((index * 7 + Math.floor(index / 71)) % 71))
}
