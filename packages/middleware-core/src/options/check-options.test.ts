import { describe, expect, it } from '@jest/globals'
import { inspect } from 'node:util'
import { z } from 'zod'
import * as mini from 'zod/mini'
import { isStorageError } from '../contract/errors.ts'
import { checkOptions, type OptionsOrigin } from './check-options.ts'
import { ConfigError } from './config-error.ts'
import * as option from './option.ts'

const schema = z.object({
  bucket: option.text(),
  chunkSize: z._default(option.integer({ min: 5, max: 50, unit: 'bytes' }), 10),
  secretKey: z.optional(option.secret()),
  timeout: z.optional(option.duration()),
  endpoint: z.optional(option.url()),
  keys: z.array(z.object({ id: option.text(), privateKey: option.secret() })).optional(),
})

const check = (options: unknown, origin: Partial<OptionsOrigin> = {}): z.output<typeof schema> =>
  checkOptions(schema, options, { where: 'storage.s3', locate: () => undefined, ...origin })

/** The lines of the error that these options give. */
function complaints(options: unknown, origin?: Partial<OptionsOrigin>): string[] {
  return failure(options, origin).message.split('\n')
}

function failure(options: unknown, origin?: Partial<OptionsOrigin>): ConfigError {
  try {
    check(options, origin)
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error('the options were accepted')
}

describe('what is accepted', () => {
  it('matches names without regard to case, inside lists too, and fills in defaults', () => {
    expect(check({ BUCKET: 'b', chunksize: '7', Keys: [{ ID: 'k', privatekey: 'p' }] })).toEqual({
      bucket: 'b',
      chunkSize: 7,
      keys: [{ id: 'k', privateKey: 'p' }],
    })
    expect(check({ bucket: 'b' })).toEqual({ bucket: 'b', chunkSize: 10 })
  })

  it('takes empty texts, null and undefined as absent', () => {
    expect(check({ bucket: 'b', chunksize: '', secretkey: null, timeout: undefined })).toEqual({
      bucket: 'b',
      chunkSize: 10,
    })
    expect(complaints({ bucket: '' })).toEqual(['storage.s3.bucket: missing; accepted: a text'])
  })

  it('takes an empty spelling beside a full one for no option at all', () => {
    expect(check({ bucket: 'b', chunksize: '', chunkSize: 7 }).chunkSize).toBe(7)
  })
})

describe('what is refused', () => {
  it('says what is missing', () => {
    expect(complaints({})).toEqual(['storage.s3.bucket: missing; accepted: a text'])
  })

  it('says what was found and what is accepted, in the spelling that was found', () => {
    expect(complaints({ bucket: 5, CHUNKSIZE: '10MB', timeout: 10 })).toEqual([
      'storage.s3.bucket: found 5; accepted: a text',
      "storage.s3.CHUNKSIZE: found '10MB'; accepted: a whole number from 5 to 50 (bytes)",
      'storage.s3.timeout: found 10; accepted: a duration with its unit, longer than 0, such as 20m or 1h30m',
    ])
  })

  it('guesses what an unknown name was meant to be', () => {
    const accepted = 'Accepted: bucket, chunksize, endpoint, keys, secretkey, timeout'
    expect(complaints({ bucket: 'b', chunksiez: 7, zone: 'x' })).toEqual([
      `storage.s3.chunksiez: unknown option; did you mean chunksize? ${accepted}`,
      `storage.s3.zone: unknown option. ${accepted}`,
    ])
  })

  it('refuses an option given twice in different spellings', () => {
    expect(complaints({ bucket: 'b', chunkSize: 7, chunksize: 8 })).toEqual([
      'storage.s3.chunksize: given twice, in different spellings; accepted: one of them',
    ])
  })

  it('names what is wrong inside a list', () => {
    expect(
      complaints({
        bucket: 'b',
        keys: [
          { id: 'k', privatekey: 'p' },
          { ID: 5, privatkey: 'p' },
        ],
      }),
    ).toEqual([
      'storage.s3.keys[1].privatkey: unknown option; did you mean privatekey? Accepted: id, privatekey',
      'storage.s3.keys[1].ID: found 5; accepted: a text',
      'storage.s3.keys[1].privatekey: missing; accepted: a text',
    ])
    expect(complaints({ bucket: 'b', keys: 'k' })).toEqual(['storage.s3.keys: found a text; accepted: a list'])
  })

  it.each([
    ['a text', 'bucket'],
    ['a list', ['bucket']],
    ['a number', 5],
  ])('refuses %s instead of options', (found, options) => {
    expect(complaints(options)).toEqual([`storage.s3: found ${found}; accepted: a mapping of options`])
  })

  it('tells where each option was given', () => {
    expect(
      complaints({ CHUNKSIZE: 1 }, { locate: path => (path[0] === 'CHUNKSIZE' ? 'config.yml:7' : undefined) }),
    ).toEqual([
      'storage.s3.bucket: missing; accepted: a text',
      'config.yml:7: storage.s3.CHUNKSIZE: found 1; accepted: a whole number from 5 to 50 (bytes)',
    ])
  })

  it('is a storage error with one issue for each mistake', () => {
    const error = failure({ chunksize: 1 })
    expect(isStorageError(error, 'CONFIG')).toBe(true)
    expect(error.issues.map(issue => issue.option)).toEqual([
      ['storage.s3', 'bucket'],
      ['storage.s3', 'chunksize'],
    ])
  })
})

describe("a program's options", () => {
  const inProgram = (options: unknown): string[] => complaints(options, { where: 's3 options', locate: undefined })

  it('are named as programs write them', () => {
    expect(inProgram({ keys: [{ id: 'k' }], chunkSiez: 7, zone: 'x' })).toEqual([
      's3 options.chunkSiez: unknown option; did you mean chunkSize? Accepted: bucket, chunkSize, endpoint, keys, secretKey, timeout',
      's3 options.zone: unknown option. Accepted: bucket, chunkSize, endpoint, keys, secretKey, timeout',
      's3 options.bucket: missing; accepted: a text',
      's3 options.keys[0].privateKey: missing; accepted: a text',
    ])
  })

  it('are named so in the words of their schema, too, and small in a configuration', () => {
    const accepted = 'a text, or a chunkSize'
    const own = z.object({
      chunkSize: z.optional(option.text()),
      name: option.text({ accepted, matches: () => false }),
    })
    const told = (origin: OptionsOrigin) => () => checkOptions(own, { name: 'n' }, origin)
    expect(told({ where: 'own options' })).toThrow(/or a chunkSize$/)
    expect(told({ where: 'storage.own', locate: () => undefined })).toThrow(/or a chunksize$/)
  })
})

describe('secrets', () => {
  const secretNumber = 1_234_567_890

  it.each([
    ['a secret of the wrong type', { bucket: 'b', secretkey: secretNumber }],
    ['a secret inside a list', { bucket: 'b', keys: [{ id: 'k', privatekey: secretNumber }] }],
    ['a mapping in the place of a text', { bucket: { password: secretNumber } }],
    ['a list in the place of a text', { bucket: [secretNumber] }],
    ['a URL with a password', { bucket: 'b', endpoint: `ftp://user:${secretNumber}@example.com/` }],
    ['a text in the place of a list', { bucket: 'b', keys: `${secretNumber}` }],
    ['the value of an unknown option', { bucket: 'b', secretky: secretNumber }],
  ])('are not shown: %s', (_what, options) => {
    const error = failure(options)
    expect(error.message).not.toContain(String(secretNumber))
    expect(inspect(error, { depth: Infinity })).not.toContain(String(secretNumber))
    expect(JSON.stringify(error)).not.toContain(String(secretNumber))
  })

  it('still say what is accepted', () => {
    expect(complaints({ bucket: 'b', secretkey: 5 })).toEqual([
      'storage.s3.secretkey: found a value that is not shown here; accepted: a text',
    ])
  })
})

describe.each([
  ['zod', z],
  ['zod/mini', mini],
] as const)("a program's own schema, written with %s", (_name, { array, number, object, optional, string }) => {
  const own = object({ name: optional(string()), ports: array(number()), secret: object({ key: option.secret() }) })
  const where = 'own options'

  it('is found with its names, lists and mappings', () => {
    expect(checkOptions(own, { PORTS: [80], Secret: { KEY: 'k' } }, { where })).toEqual({
      ports: [80],
      secret: { key: 'k' },
    })
  })

  it("tells its mistakes in zod's own words, and no secret", () => {
    const options = { NAME: 5, ports: ['eighty'], secret: { key: 5 } }
    const expected = [
      'own options.NAME: Invalid input: expected string, received number',
      'own options.ports[0]: Invalid input: expected number, received string',
      'own options.secret.key: found a value that is not shown here; accepted: a text',
    ].join('\n')
    expect(() => checkOptions(own, options, { where })).toThrow(new ConfigError([{ option: [], problem: expected }]))
  })
})

describe("zod's own words", () => {
  it('are those that the program has chosen', () => {
    const { localeError } = z.config()
    z.config(z.locales.de())
    try {
      expect(() => checkOptions(mini.object({ name: mini.string() }), { name: 5 }, { where: 'own' })).toThrow(
        'own.name: Ungültige Eingabe',
      )
    } finally {
      z.config({ localeError })
    }
  })
})
