import { errors } from 'jose'
import { ZodError } from 'zod'
import type { Refusal } from './authenticator.ts'

/** Characters of a client's text that are shown. */
const MAX_SHOWN = 100

/** Error of a token that is not accepted. */
export class TokenError extends Error implements Refusal {
  override readonly name = 'TokenError'
  readonly kind: string

  constructor(kind: string, reason: string) {
    super(reason)
    this.kind = kind
  }

  get reason(): string {
    return `the token is not accepted: ${this.message}`
  }
}

/** Quotes a text of a client's, so that it stays in one line of a log. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}

/** Puts into words what is wrong with a token. Only of one whose signature is right claims are shown. */
export function tokenError(error: unknown): TokenError {
  if (error instanceof TokenError) return error
  if (error instanceof ZodError) return new TokenError('access', 'its access is not as Distribution has it')
  if (error instanceof errors.JWTExpired) return new TokenError('expired', `it expired ${ago(error.payload.exp)}`)
  if (error instanceof errors.JWTClaimValidationFailed) return claimError(error)
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return new TokenError('signature', 'its signature is not by the key that it names, or by none that is known')
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return new TokenError('algorithm', 'its algorithm is not among signingalgorithms')
  }
  if (error instanceof errors.JOSENotSupported) return new TokenError('unsupported', 'it needs what nobody knows here')
  return new TokenError('malformed', 'it is no JSON Web Token')
}

function claimError({ claim, reason, payload }: errors.JWTClaimValidationFailed): TokenError {
  const found = shown(payload[claim])
  if (reason === 'missing') return new TokenError(claim, `it has no ${claim}`)
  if (claim === 'iss') return new TokenError(claim, `found the issuer ${found}; accepted: auth.token.issuer`)
  if (claim === 'aud') return new TokenError(claim, `found the audience ${found}; accepted: auth.token.service`)
  if (claim === 'nbf') return new TokenError(claim, `it is valid only ${ago(payload.nbf)}: does a clock go wrong?`)
  return new TokenError(claim, `found ${found} as ${claim}`)
}

/** Time from a date, in seconds as tokens have them, to now. */
function ago(date: number | undefined): string {
  const seconds = Math.round(Date.now() / 1000 - (date ?? 0))
  return seconds < 0 ? `in ${-seconds} seconds` : `${seconds} seconds ago`
}
