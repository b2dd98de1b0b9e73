import { Violation } from '../world/event.ts'
import type { Simulation } from '../world/simulation.ts'

const TWO_DAYS_MS = 2 * 24 * 3_600_000

/** Sweeps once everything is quiet. Nothing may be left then but the files at `paths`. */
export async function assertNoOrphans(simulation: Simulation, paths: readonly string[]): Promise<void> {
  simulation.clock.advance(TWO_DAYS_MS)
  const olderThan = new Date(simulation.clock.now - TWO_DAYS_MS / 2)
  simulation.start('sweep', async () => {
    await simulation.node('sweep').purgeUploads({ olderThan })
  })
  await simulation.heal()
  const { bucket } = simulation.s3
  const left = bucket.keys().filter(key => !paths.includes(`/${key}`))
  if (left.length > 0) throw new Violation(`left over after a sweep: ${left.join(', ')}`)
  const uploads = bucket.uploads().map(({ key }) => key)
  if (uploads.length > 0) throw new Violation(`multipart uploads left over after a sweep: ${uploads.join(', ')}`)
}
