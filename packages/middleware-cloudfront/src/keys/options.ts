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

/** Options of one key: its private half, or a function that signs. */
const privateHalf = {
  privateKey: z.optional(option.secret(acceptedKeys)),
  passphrase: z.optional(option.secret('the passphrase of the private key')),
  sign: z.optional(valueOf<SignFunction>(acceptedFunction, value => typeof value === 'function')),
  publicKey: z.optional(
    valueOf<PublicKey>(acceptedPublicKey, value => typeof value === 'string' || value instanceof KeyObject),
  ),
}

const keyEntry = z.object({ keyPairId, ...privateHalf })

/** Options of the signing key: a single one, or a list. */
export const keyOptions = {
  ...privateHalf,
  keyPairId: z.optional(keyPairId),
  keys: z.optional(
    z
      .array(keyEntry.check(reportMistakes(mistakesOfKey)))
      .check(z.refine(keys => keys.length > 0, { params: { accepted: 'a list of one key or more' } })),
  ),
  hashAlgorithm: z.prefault(option.choice(hashAlgorithms), 'SHA1'),
}

/** Checked options of one key. */
export type KeyEntry = z.output<typeof keyEntry>

/** Checked options. */
export type KeySettings = z.output<z.ZodMiniObject<typeof keyOptions>>

/** Rules between the {@link keyOptions}. */
export const keyRules = reportMistakes(mistakesOfKeys)

/** Options that are given. */
type GivenOptions = { readonly [name in keyof typeof privateHalf | 'keyPairId' | 'keys']?: unknown }

/** Values that are accepted, by the names of the options that are wrong. */
type Mistakes = Readonly<Record<string, string>>

function mistakesOfKey({ keyPairId, privateKey, passphrase, sign, publicKey }: GivenOptions): Mistakes {
  return {
    ...(keyPairId === undefined && { keyPairId: acceptedId }),
    ...(privateKey === undefined && sign === undefined && { privateKey: acceptedKeys }),
    ...(privateKey !== undefined && sign !== undefined && { sign: 'either this or privateKey' }),
    ...(passphrase !== undefined && sign !== undefined && { passphrase: 'only with privateKey' }),
    ...(publicKey !== undefined && sign === undefined && { publicKey: 'only with sign' }),
  }
}

function mistakesOfKeys(given: GivenOptions): Mistakes {
  if (given.keys === undefined) return mistakesOfKey(given)
  const single = [...Object.keys(privateHalf), 'keyPairId'].find(name => name in given)
  return single === undefined ? {} : { [single]: 'either this and its like, or the option keys' }
}

/** Checks rules even where single options are wrong, so that one error names every mistake. */
function reportMistakes(mistakesOf: (given: GivenOptions) => Mistakes): z.core.$ZodCheck<GivenOptions> {
  const report = (given: GivenOptions, context: z.core.$RefinementCtx): void => {
    for (const [name, accepted] of Object.entries(mistakesOf(given))) {
      context.addIssue({ code: 'custom', path: [name], params: { accepted } })
    }
  }
  return z.superRefine(report, { when: ({ value }) => typeof value === 'object' && value !== null })
}

function valueOf<T>(accepted: string, isOne: (value: unknown) => boolean): z.ZodMiniType<T, T> {
  return z.custom<T>(isOne, { params: { accepted } }).register(z.globalRegistry, { accepted, secret: true })
}
