import type { Scope } from './scope.ts'

/** Who asks, and what they may do. */
export interface Identity {
  /** Undefined: the credentials do not say. */
  readonly name: string | undefined
  may(scope: Scope): boolean
}

/** What is wrong with credentials, in the words of RFC 6750. */
export type Problem = 'invalid_token' | 'insufficient_scope'

/** Who asks; or else what was wrong with the credentials, of which there may have been none. */
export type AuthResult = { readonly identity: Identity } | { readonly problem: Problem | undefined }

/** A client that is asked for credentials. */
export interface ChallengeContext {
  /** The host that it wants to talk to, by its own word. */
  readonly host: string
  /** What it needs for its request. */
  readonly scopes: readonly Scope[]
  readonly problem: Problem | undefined
}

/** Tells who asks. Dispose of it to let go of its files. */
export interface Authenticator extends Disposable {
  /** `authorization` is the header's value. */
  identify(authorization: string | undefined): Promise<AuthResult>
  /** The value of `WWW-Authenticate`. */
  challenge(asked: ChallengeContext): string
}

/** The part of an `Authorization` header after its scheme, if it is that one. */
export function credentials(authorization: string | undefined, scheme: 'basic' | 'bearer'): string | undefined {
  const [, found, rest] = /^([a-z]+) +([^ ]+) *$/i.exec(authorization ?? '') ?? []
  return found?.toLowerCase() === scheme ? rest : undefined
}

/** A parameter of a challenge: `realm="..."`. */
export function quoted(name: string, value: string): string {
  return `${name}="${value.replaceAll(/["\\]/g, '\\$&')}"`
}
