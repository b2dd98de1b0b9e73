/** Why a viewer is refused, in CloudFront's words. All are 403. */
export type DenialCode = 'MissingKey' | 'InvalidKey' | 'MalformedSignature' | 'MalformedPolicy' | 'AccessDenied'

const MESSAGES: Record<DenialCode, string> = {
  MissingKey: 'Missing Key-Pair-Id query parameter or cookie value',
  InvalidKey: 'Unknown Key',
  MalformedSignature: 'Could not unencode Signature',
  MalformedPolicy: 'Malformed Policy',
  AccessDenied: 'Access denied',
}

export class Denial extends Error {
  override readonly name = 'Denial'
  readonly code: DenialCode

  constructor(code: DenialCode) {
    super(MESSAGES[code])
    this.code = code
  }

  /** The body as it was captured from CloudFront; only that of AccessDenied is a guess. */
  get body(): string {
    return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${this.code}</Code><Message>${this.message}</Message></Error>`
  }
}
