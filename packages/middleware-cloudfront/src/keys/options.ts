import { KeyObject } from 'node:crypto'
import { option } from '@longshore/middleware-core'
import * as z from 'zod/mini'
import { acceptedKeys } from './pem.ts'
import { type PublicKey, acceptedPublicKey } from './public-key.ts'
import type { SignFunction } from './sign-function.ts'
import { hashAlgorithms } from '../signing/signing-key.ts'

const acceptedId = 'the ID of a public key in CloudFront, such as K2JCJMDEHXQW5F'
const acceptedFunction = 'a function that takes bytes and gives their signature; only a program can give one'

const keyPairId = option.text({ accepted: acceptedId, matches: text => /^[A-Za-z0-9_-]+$/.test(text) })

/** How a key is given: by its private half, or by a function that signs. */
const privateHalf = {
  /** The private key: RSA-2048 or EC P-256 in PEM, the path of the file or the text. A file is read again when it changes. */
  privateKey: z.optional(option.secret(acceptedKeys)),
  /** What opens the private key, when it is encrypted. */
  passphrase: z.optional(option.secret('the passphrase of the private key')),
  /** Signs in place of a private key, with a KMS or an HSM. Only programs can give it. */
  sign: z.optional(valueOf<SignFunction>(acceptedFunction, value => typeof value === 'function')),
  /** The public half of the key with which `sign` signs: every signature is then verified before it is used. */
  publicKey: z.optional(
    valueOf<PublicKey>(acceptedPublicKey, value => typeof value === 'string' || value instanceof KeyObject),
  ),
}

const keyEntry = z.object({ keyPairId, ...privateHalf })

/** The options that say with which key to sign: a single one, or one of a list. */
export const keyOptions = {
  ...privateHalf,
  /** The ID under which CloudFront knows the public key. */
  keyPairId: z.optional(keyPairId),
  /** Several keys in place of a single one, for rotation: the first usable one signs. */
  keys: z.optional(
    z
      .array(keyEntry.check(reporting(rulesOfOne)))
      .check(z.refine(keys => keys.length > 0, { params: { accepted: 'a list of one key or more' } })),
  ),
  /** The hash under the signature. Default SHA1, which CloudFront takes for granted; SHA256 lengthens the URL. */
  hashAlgorithm: z.prefault(option.choice(hashAlgorithms), 'SHA1'),
}

/** One key, once checked. */
export type KeyEntry = z.output<typeof keyEntry>

/** The options once checked. */
export type KeySettings = z.output<z.ZodMiniObject<typeof keyOptions>>

/** What the {@link keyOptions} demand of each other. */
export const keyRules = reporting(rulesOfAll)

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

/** One error tells of every mistake: rules are looked at where single options are wrong, too. */
function reporting(rules: (given: Given) => Mistakes): z.core.$ZodCheck<Given> {
  const report = (given: Given, context: z.core.$RefinementCtx): void => {
    for (const [name, accepted] of Object.entries(rules(given))) {
      context.addIssue({ code: 'custom', path: [name], params: { accepted } })
    }
  }
  return z.superRefine(report, { when: ({ value }) => typeof value === 'object' && value !== null })
}

function valueOf<T>(accepted: string, isOne: (value: unknown) => boolean): z.ZodMiniType<T, T> {
  return z.custom<T>(isOne, { params: { accepted } }).register(z.globalRegistry, { accepted, secret: true })
}
