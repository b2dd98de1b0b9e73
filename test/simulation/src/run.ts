import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { InProcessS3, type SpoolDirectory } from '@longshore/local-cloud'
import { undefinedIfNotFound } from '@longshore/middleware-core'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { Network, type SdkRequest } from './s3/network.ts'
import { BUCKET, CREDENTIALS, REGION, createNode } from './s3/node.ts'
import { type Choices, GivenChoices, RandomChoices } from './world/choices.ts'
import { Clock } from './world/clock.ts'
import { replaceGlobals } from './world/globals.ts'
import { Random } from './world/random.ts'
import { Simulation } from './world/simulation.ts'
import type { World } from './worlds/world.ts'

/** Outcome of a run. */
export interface Outcome {
  /** Absent where all invariants held. */
  readonly failure?: Error | undefined
  /** Steps of the run, a line each. */
  readonly trace: readonly string[]
  /** Digest of the trace: the same seed gives the same. */
  readonly hash: string
  readonly choices: readonly number[]
}

/** Plays a world once. All follows from the seed and, where they are given, the choices. */
export async function run(
  world: World,
  seed: number,
  spools: SpoolDirectory,
  given?: readonly number[],
): Promise<Outcome> {
  const clock = new Clock()
  const choices: Choices = given ? new GivenChoices(given) : new RandomChoices(new Random(seed * 3 + 1))
  const restoreGlobals = replaceGlobals(clock, new Random(seed * 3 + 2))
  const s3 = new InProcessS3({ bucket: BUCKET, region: REGION, credentials: CREDENTIALS, spools })
  s3.quirks.minPartBytes = 1
  const network = new Network(s3, world.faults)
  const restoreHandler = replaceHandler(network)
  const simulation = new Simulation({ random: new Random(seed * 3), choices, clock, network, s3 })
  let failure: Error | undefined
  try {
    await world.play(simulation)
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error))
  } finally {
    restoreHandler()
    restoreGlobals()
  }
  const { trace } = simulation
  const hash = createHash('sha256').update(trace.join('\n')).digest('hex').slice(0, 16)
  return { failure, trace, hash, choices: choices.made }
}

/** Lets the SDK read its files, which takes real time: a run knows only its own. */
export async function warmUp(): Promise<void> {
  const notFound = { statusCode: 404, headers: {}, body: Readable.from([]) }
  const restoreHandler = replaceHandler({ send: () => Promise.resolve(notFound) })
  await undefinedIfNotFound(createNode('warm').stat('/nothing', { fileOnly: true }))
  restoreHandler()
}

/** Sends the requests of all clients through `network`. */
function replaceHandler(network: Pick<Network, 'send'>): () => void {
  const prototype = NodeHttpHandler.prototype as { handle: unknown }
  const { handle } = prototype
  prototype.handle = async (request: SdkRequest, options?: { abortSignal?: AbortSignal }) => ({
    response: await network.send(request, options?.abortSignal),
  })
  return () => {
    prototype.handle = handle
  }
}
