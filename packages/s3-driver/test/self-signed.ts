import { generateKeyPairSync, sign } from 'node:crypto'

/** A certificate for 127.0.0.1 that no one has signed but itself, and its key, both PEM. Node can check one, not make one. */
export function selfSigned(): { cert: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'))
  const name = sequence(tagged(0x31, sequence(oid('550403'), tagged(0x0c, Buffer.from('127.0.0.1')))))
  const day = 86_400_000
  const validity = sequence(utcTime(Date.now() - day), utcTime(Date.now() + day))
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const [version, serial] = [tagged(0xa0, integer(2)), integer(1)]
  const certificate = sequence(version, serial, ecdsaWithSha256, name, validity, name, spki)
  const signature = sign('sha256', certificate, privateKey)
  const signed = sequence(certificate, ecdsaWithSha256, tagged(0x03, Buffer.concat([Buffer.of(0), signature])))
  const lines = signed.toString('base64').replaceAll(/.{64}/g, '$&\n')
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

// X.690: a tag, the length, the content.
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content
  const header = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(header), content])
}

function sequence(...items: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(items))
}

function oid(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'))
}

function integer(value: number): Buffer {
  return tagged(0x02, Buffer.of(value))
}

function utcTime(time: number): Buffer {
  const digits = new Date(time).toISOString().replaceAll(/\D/g, '').slice(2, 14)
  return tagged(0x17, Buffer.from(`${digits}Z`))
}
