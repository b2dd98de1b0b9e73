import type { Scope } from './scope.ts'

/** Client that was recognized, and what it may do. */
export interface Identity {
  /** Undefined: the credentials do not say. */
  readonly name: string | undefined
  may(scope: Scope): boolean
}

/** Error of credentials, in the words of RFC 6750. */
export type AuthError = 'invalid_token' | 'insufficient_scope'

/** Reason why a client was refused, for the registry's owner. Holds no secret. */
export interface Refusal {
  /** Kind of reason, of which there are few. */
  readonly kind: string
  readonly reason: string
}

/** Outcome of an authentication. Without an error there were no credentials, or no tokens are used. */
export type AuthResult =
  | { readonly identity: Identity }
  | { readonly error: AuthError | undefined; readonly refusal?: Refusal }

/** Client and request that a challenge is for. */
export interface ChallengeContext {
  /** `Host` header of the request. */
  readonly host: string
  /** Scopes that the request needs. */
  readonly scopes: readonly Scope[]
  readonly error: AuthError | undefined
}

/** Authentication of clients. Disposing of it stops watching its files. */
export interface Authenticator extends Disposable {
  /** Recognizes a client by the value of its `Authorization` header. */
  identify(authorization: string | undefined): Promise<AuthResult>
  /** Makes the value of `WWW-Authenticate`. */
  challenge(context: ChallengeContext): string
}

/** Gives the part of an `Authorization` header after its scheme, if it is that one. */
export function credentials(authorization: string | undefined, scheme: 'basic' | 'bearer'): string | undefined {
  const [, found, rest] = /^([a-z]+) +([^ ]+) *$/i.exec(authorization ?? '') ?? []
  return found?.toLowerCase() === scheme ? rest : undefined
}

/** Formats a parameter of a challenge: `realm="..."`. */
export function quoted(name: string, value: string): string {
  return `${name}="${value.replaceAll(/["\\]/g, '\\$&')}"`
}
