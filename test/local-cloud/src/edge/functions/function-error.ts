/**
 * Failure of a function. `execution`: it threw, or ran for too long, and CloudFront answers 503. `validation`: it returned what
 * it may not, and the answer is 502.
 */
export class FunctionError extends Error {
  override readonly name = 'FunctionError'
  readonly kind: 'execution' | 'validation'

  constructor(kind: 'execution' | 'validation', message: string) {
    super(message)
    this.kind = kind
  }

  get status(): 502 | 503 {
    return this.kind === 'execution' ? 503 : 502
  }
}
