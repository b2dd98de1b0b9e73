import { type KeyObject, generateKeyPairSync } from 'node:crypto'

/** A key pair made for this run, and the options that name it. */
export interface TestKey {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
  /** PKCS#8. */
  readonly pem: string
}

export function rsaKey(modulusLength = 2048): TestKey {
  return testKey(generateKeyPairSync('rsa', { modulusLength }))
}

export function ecKey(namedCurve = 'P-256'): TestKey {
  return testKey(generateKeyPairSync('ec', { namedCurve }))
}

function testKey(pair: { publicKey: KeyObject; privateKey: KeyObject }): TestKey {
  return { ...pair, pem: pem(pair.privateKey, 'pkcs8') }
}

/** The key in one of the forms that key generators write, encrypted when a passphrase is given. */
export function pem(key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1', passphrase?: string): string {
  const encryption = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }
  return key.export({ type, format: 'pem', ...encryption }).toString()
}
