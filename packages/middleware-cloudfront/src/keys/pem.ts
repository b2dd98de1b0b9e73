import { optionError } from '@longshore/middleware-core'

/** Values that the option `privateKey` takes. */
export const acceptedKeys =
  'an RSA private key of 2048 bits or an EC one on P-256, in PEM (PKCS#1, PKCS#8 or SEC 1): the path of the file, or the text'

/** PEM text in the one form that OpenSSL reads, whatever its journey through editors, variables and YAML did to it. */
export interface Pem {
  /** Blocks with 64 characters of base64 a line. */
  readonly text: string
  /** Labels in lower case: `rsa private key`, `public key`, `certificate`. */
  readonly labels: readonly string[]
  /** True where a passphrase is needed. */
  readonly isEncrypted: boolean
  /**
   * ID that the PEM gives its own key, in a line `Key-Pair-Id: K2JCJMDEHXQW5F` above the first BEGIN. RFC 7468 leaves that
   * place to whoever writes the file.
   */
  readonly keyPairId: string | undefined
}

/** True where the option `privateKey` is a PEM, and not the path of one. */
export function isPem(privateKey: string): boolean {
  return privateKey.includes('-----BEGIN')
}

/**
 * Reads a PEM. Line ends may be LF, CRLF, CR, blanks, the two characters `\n`, or missing; lines may be indented, and text may
 * stand around the blocks. Throws a `ConfigError` of the option `name`, which says what is wrong and shows nothing of the text.
 */
export function parsePem(text: string, { name, accepted }: PemOption = privateKeyOption): Pem {
  const [explanation = '', ...blocks] = text.replaceAll(/\\+[rn]|\r\n?/g, '\n').split('-----BEGIN ')
  const refuse = (found: string): Error => optionError(name, `found ${found}; accepted: ${accepted}`)
  if (blocks.length === 0) throw refuse(describeOtherFormat(text))
  const parsed = blocks.map(parseBlock)
  const labels = parsed.map(({ label }) => label.toLowerCase())
  const broken = parsed.find(({ problem }) => problem !== undefined)
  if (broken) throw refuse(`a PEM ${broken.label && `of ${broken.label.toLowerCase()} `}${broken.problem}`)
  const keyPairId = /^["'\s]*Key-Pair-Id:[ \t]*([A-Za-z0-9_-]+)[ \t]*$/im.exec(explanation)?.[1]
  if (keyPairId === undefined && /Key-Pair-Id/i.test(explanation)) {
    throw refuse('a Key-Pair-Id without an ID, or not on a line of its own')
  }
  const isEncrypted = parsed.some(block => block.label === 'ENCRYPTED PRIVATE KEY' || block.headers !== '')
  return { text: parsed.map(formatBlock).join(''), labels, isEncrypted, keyPairId }
}

/** Option that a PEM was given as. */
export interface PemOption {
  readonly name: string
  readonly accepted: string
}

const privateKeyOption: PemOption = { name: 'privateKey', accepted: acceptedKeys }

/** Mistake in the option `privateKey`. */
export function keyError(problem: string): Error {
  return optionError('privateKey', `${problem}; accepted: ${acceptedKeys}`)
}

/** Code that Node gives an error, which unlike its message quotes nothing. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error'
}

/** Name of a format that is no PEM, for people. */
export function describeOtherFormat(text: string): string {
  if (text.trim() === '') return 'an empty text'
  return otherFormats.find(({ pattern }) => pattern.test(text))?.name ?? 'a text that is not a PEM'
}

const otherFormats = [
  // A SEQUENCE, its length in one to three bytes, that begins with an INTEGER of one byte; read as Latin-1.
  // oxlint-disable-next-line no-control-regex
  { pattern: /^0[\u0020-\u0082].{0,2}\u0002\u0001/s, name: 'a key in DER' },
  { pattern: /^\s*LS0tLS1/, name: 'a PEM that was encoded in base64 once more' },
  { pattern: /^\s*\{/, name: 'JSON' },
  { pattern: /^PuTTY-User-Key-File/, name: 'a key of PuTTY' },
  { pattern: /^\s*(ssh|ecdsa)-/, name: 'a public key of OpenSSH' },
  { pattern: /^[\sA-Za-z0-9+/=]{64,}$/, name: 'base64 without its BEGIN and END lines' },
]

interface Block {
  readonly label: string
  /** Encryption headers of a PKCS#1 or SEC 1 key, with the empty line after them (RFC 1421); or nothing. */
  readonly headers: string
  readonly base64: string
  /** Mistake in it, as in "found a PEM of private key without its END line". */
  readonly problem: string | undefined
}

function parseBlock(text: string): Block {
  const [, label = '', rest] = /^([A-Z0-9 ]+)-----(.*)$/s.exec(text) ?? []
  if (rest === undefined) return { label, headers: '', base64: '', problem: 'with a broken BEGIN line' }
  const end = rest.indexOf('-----END ')
  if (end === -1) return { label, headers: '', base64: '', problem: 'without its END line: the end is missing' }
  if (!rest.startsWith(`${label}-----`, end + '-----END '.length)) {
    return { label, headers: '', base64: '', problem: 'with the END line of something else' }
  }
  const [, cipher, iv, body] = encryptionHeaders.exec(rest.slice(0, end)) ?? []
  const headers = body === undefined ? '' : `Proc-Type: 4,ENCRYPTED\nDEK-Info: ${cipher},${iv}\n\n`
  const base64 = (body ?? rest.slice(0, end)).replaceAll(/\s/g, '')
  const problem = base64 === '' ? 'with nothing in it' : problemOf(base64)
  return { label, headers, base64, problem }
}

const encryptionHeaders = /^\s*Proc-Type:\s*4,\s*ENCRYPTED\s+DEK-Info:\s*([A-Z0-9-]+),\s*([0-9A-Fa-f]+)\s+(.*)$/s

function problemOf(base64: string): string | undefined {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(base64) ? undefined : 'with characters that are not base64'
}

function formatBlock({ label, headers, base64 }: Block): string {
  const lines = base64.match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${headers}${lines.join('\n')}\n-----END ${label}-----\n`
}
