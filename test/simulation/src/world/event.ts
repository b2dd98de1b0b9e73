/** Something that may happen next. */
export interface Event {
  /** Text for the trace. */
  readonly label: string
  /** Share of the choices that fall on it, relative to the others. */
  readonly weight: number
  /** Lets it happen. Gives the status of an answer, for the trace. */
  run(): Promise<number> | void
}

/** An invariant that does not hold. */
export class Violation extends Error {
  override readonly name = 'Violation'
}
