import { type KeyObject, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/** A certificate and the key that belongs to it, both PEM. */
export interface Certified {
  readonly cert: string
  readonly key: string
}

interface Request {
  readonly name: string
  /** Who signs it. Default: itself. */
  readonly issuer?: Certified & { name: string }
  /** Whether it may sign others. Default true. */
  readonly isAuthority?: boolean
  /** Days from now at which it ends. Default 1. */
  readonly days?: number
}

/** Makes a certificate for 127.0.0.1 and a key; Node can check certificates, not make them. */
export function certify({ name, issuer, isAuthority = true, days = 1 }: Request): Certified & { name: string } {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signer: KeyObject | string = issuer?.key ?? pair.privateKey
  const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'))
  const validity = sequence(time(Date.now() - 10 * day), time(Date.now() + days * day))
  const certificate = sequence(
    tagged(0xa0, integer(Buffer.of(2))),
    integer(Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ecdsaWithSha256,
    nameOf(issuer?.name ?? name),
    validity,
    nameOf(name),
    pair.publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(basicConstraints(isAuthority), addressNames())),
  )
  const signature = tagged(0x03, Buffer.concat([Buffer.of(0), sign('sha256', certificate, signer)]))
  return {
    name,
    cert: pem('CERTIFICATE', sequence(certificate, ecdsaWithSha256, signature)),
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** DER in base64, as `x5c` has it. */
export function derOf({ cert }: Certified): string {
  return cert.replaceAll(/-----[^-]+-----|\s/g, '')
}

export function publicKeyOf({ key }: Certified): KeyObject {
  return createPublicKey(key)
}

const day = 86_400_000

function basicConstraints(isAuthority: boolean): Buffer {
  const flag = isAuthority ? [tagged(0x01, Buffer.of(0xff))] : []
  return sequence(oid('551d13'), tagged(0x04, sequence(...flag)))
}

/** The name by which clients know the server. */
function addressNames(): Buffer {
  return sequence(oid('551d11'), tagged(0x04, sequence(tagged(0x87, Buffer.of(127, 0, 0, 1)))))
}

function nameOf(name: string): Buffer {
  return sequence(tagged(0x31, sequence(oid('550403'), tagged(0x0c, Buffer.from(name)))))
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

// X.690: a tag, the length, the content.
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

function sequence(...items: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(items))
}

function oid(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'))
}

function integer(value: Buffer): Buffer {
  return tagged(0x02, value)
}

function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replaceAll(/\D/g, '').slice(2, 14)
  return tagged(0x17, Buffer.from(`${digits}Z`))
}
