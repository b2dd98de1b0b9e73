import { KeyObject } from 'node:crypto'
import { option } from '@longshore/middleware-core'
import { z } from 'zod'
import { acceptedKeys } from './pem.ts'
import { type PublicKey, acceptedPublicKey } from './public-key.ts'
import type { SignFunction } from './sign-function.ts'
import { hashAlgorithms } from './signing-key.ts'

const acceptedId = 'the ID of a public key in CloudFront, such as K2JCJMDEHXQW5F'
const acceptedFunction = 'a function that takes bytes and gives their signature; only a program can give one'

const keyPairId = option.text({ accepted: acceptedId, matches: text => /^[A-Za-z0-9_-]+$/.test(text) })

/** How a key is given: by its private half, or by a function that signs. */
const privateHalf = {
  /** The private key: RSA-2048 or EC P-256 in PEM, the path of the file or the text. A file is read again when it changes. */
  privateKey: option.secret(acceptedKeys).optional(),
  /** What opens the private key, when it is encrypted. */
  passphrase: option.secret('the passphrase of the private key').optional(),
  /** Signs in place of a private key, with a KMS or an HSM. Only programs can give it. */
  sign: valueOf<SignFunction>(acceptedFunction, value => typeof value === 'function').optional(),
  /** The public half of the key with which `sign` signs: every signature is then verified before it is used. */
  publicKey: valueOf<PublicKey>(
    acceptedPublicKey,
    value => typeof value === 'string' || value instanceof KeyObject,
  ).optional(),
}

/** One error tells of every mistake: rules are looked at where single options are wrong, too. */
const evenAfterMistakes = { when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null }

const keyEntry = z.object({ keyPairId, ...privateHalf })

/** The options that say with which key to sign: a single one, or one of a list. */
export const keyOptions = {
  ...privateHalf,
  /** The ID under which CloudFront knows the public key. */
  keyPairId: keyPairId.optional(),
  /** Several keys in place of a single one, for rotation: the first usable one signs. */
  keys: z
    .array(keyEntry.superRefine(reporting(rulesOfOne), evenAfterMistakes))
    .refine(keys => keys.length > 0, { params: { accepted: 'a list of one key or more' } })
    .optional(),
  /** The hash under the signature. Default SHA1, which CloudFront takes for granted; SHA256 lengthens the URL. */
  hashAlgorithm: option.choice(hashAlgorithms).prefault('SHA1'),
}

/** One key, once checked. */
export type KeyEntry = z.output<typeof keyEntry>

/** The options once checked. */
export type KeySettings = z.output<z.ZodObject<typeof keyOptions>>

/** What the {@link keyOptions} demand of each other, for `superRefine`. */
export const keyRules = [reporting(rulesOfAll), evenAfterMistakes] as const

/** Which options are there. */
type Given = { readonly [name in keyof typeof privateHalf | 'keyPairId' | 'keys']?: unknown }

/** What is wrong, as the name of an option and what is accepted there. */
type Mistakes = Readonly<Record<string, string>>

function rulesOfOne({ keyPairId, privateKey, passphrase, sign, publicKey }: Given): Mistakes {
  return {
    ...(keyPairId === undefined && { keyPairId: acceptedId }),
    ...(privateKey === undefined && sign === undefined && { privateKey: acceptedKeys }),
    ...(privateKey !== undefined && sign !== undefined && { sign: 'either this or privateKey' }),
    ...(passphrase !== undefined && sign !== undefined && { passphrase: 'only with privateKey' }),
    ...(publicKey !== undefined && sign === undefined && { publicKey: 'only with sign' }),
  }
}

function rulesOfAll(given: Given): Mistakes {
  if (given.keys === undefined) return rulesOfOne(given)
  const single = [...Object.keys(privateHalf), 'keyPairId'].find(name => name in given)
  return single === undefined ? {} : { [single]: 'either this and its like, or the option keys' }
}

function reporting(rules: (given: Given) => Mistakes): (given: Given, context: z.core.$RefinementCtx) => void {
  return (given, context) => {
    for (const [name, accepted] of Object.entries(rules(given))) {
      context.addIssue({ code: 'custom', path: [name], params: { accepted } })
    }
  }
}

function valueOf<T>(accepted: string, isOne: (value: unknown) => boolean): z.ZodType<T, T> {
  return z.custom<T>(isOne, { params: { accepted } }).meta({ accepted, secret: true })
}
