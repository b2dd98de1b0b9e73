/** Error of a server that cannot listen. Its message says all that a user needs to know. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}
