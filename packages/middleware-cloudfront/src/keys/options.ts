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
  privateKey: z.optional(option.secret(acceptedKeys)),
  passphrase: z.optional(option.secret('the passphrase of the private key')),
  sign: z.optional(valueOf<SignFunction>(acceptedFunction, value => typeof value === 'function')),
  publicKey: z.optional(
    valueOf<PublicKey>(acceptedPublicKey, value => typeof value === 'string' || value instanceof KeyObject),
  ),
}

const keyEntry = z.object({ keyPairId, ...privateHalf })

/** The options that say with which key to sign: a single one, or one of a list. */
export const keyOptions = {
  ...privateHalf,
  keyPairId: z.optional(keyPairId),
  keys: z.optional(
    z
      .array(keyEntry.check(reporting(rulesOfOne)))
      .check(z.refine(keys => keys.length > 0, { params: { accepted: 'a list of one key or more' } })),
  ),
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
