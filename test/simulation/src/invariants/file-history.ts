import { type FileWriter, type WriteConditions, isStorageError } from '@longshore/middleware-core'
import { Violation } from '../world/event.ts'
import type { Simulation } from '../world/simulation.ts'

/** Times that a commit of which the outcome is unknown is repeated. */
const MAX_COMMITS = 6
const REPEAT_AFTER_MS = 1000

/** One content on its way to be the file. */
interface Attempt {
  readonly content: string
  readonly node: string
  /** Step at which its commit began. */
  readonly began: number
  /** Step at which its last commit ended. */
  ended?: number
  /** Code of the error with which that ended, `committed` where there was none. */
  outcome?: string
}

/**
 * All commits to one path, and what they promise:
 *
 * - The file is one content, whole, whose commit has begun, or there is none.
 * - What was committed stays until a later commit replaces it, or one whose requests were still on their way.
 * - A commit that failed for certain (`PRECONDITION_FAILED`) does not show.
 * - With `ifAbsent` one commit wins, and then nothing changes any more.
 * - A reader who was given a content was given a whole one.
 */
export class FileHistory {
  readonly #simulation: Simulation
  readonly #path: string
  readonly #conditions: WriteConditions
  readonly #attempts: Attempt[] = []
  #first: string | undefined

  constructor(simulation: Simulation, path: string, conditions: WriteConditions = {}) {
    this.#simulation = simulation
    this.#path = path
    this.#conditions = conditions
    simulation.invariant(() => this.#check())
  }

  /** True once the outcome of some commit stays unknown, or there is a file. */
  get committed(): number {
    return this.#attempts.filter(({ outcome }) => outcome === 'committed').length
  }

  /** Commits `writer`, again where the outcome is unknown, and notes what came of it. */
  async commit(node: string, writer: FileWriter, content: string): Promise<string> {
    const attempt: Attempt = { content, node, began: this.#simulation.step }
    this.#attempts.push(attempt)
    const outcome = await this.#repeat(writer)
    attempt.outcome = outcome
    attempt.ended = this.#simulation.step
    this.#simulation.trace.push(`${node}: ${outcome}`)
    return outcome
  }

  /** Checks what a reader was given. `undefined`: it was told that there is no file. */
  assertRead(content: string | undefined, began: number): void {
    if (content !== undefined) {
      if (!this.#attempts.some(attempt => attempt.content === content))
        throw new Violation(`a reader was given ${content}`)
      return
    }
    const before = this.#attempts.find(attempt => attempt.outcome === 'committed' && (attempt.ended ?? began) < began)
    if (before) throw new Violation(`a reader found no file after ${before.node} had committed`)
  }

  async #repeat(writer: FileWriter): Promise<string> {
    for (let tries = 1; ; tries++) {
      try {
        await writer.commit(this.#conditions)
        return 'committed'
      } catch (error) {
        if (!isStorageError(error)) throw error
        if (error.code !== 'UNAVAILABLE' || tries === MAX_COMMITS) return error.code
      }
      await new Promise(resolve => setTimeout(resolve, REPEAT_AFTER_MS))
    }
  }

  async #check(): Promise<void> {
    const content = (await this.#simulation.s3.bucket.read(this.#path.slice(1)))?.toString()
    const acknowledged = this.#attempts.filter(({ outcome }) => outcome === 'committed')
    if (content === undefined) {
      if (acknowledged.length > 0) throw new Violation(`the file that ${acknowledged[0]?.node} committed is gone`)
      return
    }
    const own = this.#attempts.filter(attempt => attempt.content === content)
    if (own.length === 0) throw new Violation(`the file is ${content}, which nobody commits`)
    if (own.every(({ outcome }) => outcome === 'PRECONDITION_FAILED')) {
      throw new Violation(`the file is what ${own[0]?.node} was told it could not commit`)
    }
    if (this.#conditions.ifAbsent) {
      this.#first ??= content
      if (this.#first !== content) throw new Violation('a file that is written if absent was replaced')
      const loser = acknowledged.find(attempt => attempt.content !== content)
      if (loser) throw new Violation(`${loser.node} was told that it committed, but the file is another`)
      return
    }
    const lost = acknowledged.find(later => own.every(attempt => this.#isBefore(attempt, later)))
    if (lost) throw new Violation(`the file that ${lost.node} committed gave way to an older one`)
  }

  /** True where one commit had ended for good before another began. */
  #isBefore(attempt: Attempt, later: Attempt): boolean {
    const { ended, outcome, node, content } = attempt
    if (content === later.content) return false
    return (
      outcome === 'committed' && ended !== undefined && ended < later.began && this.#simulation.network.isQuiet(node)
    )
  }
}
