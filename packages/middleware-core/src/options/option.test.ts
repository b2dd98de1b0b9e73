import { describe, expect, it } from '@jest/globals'
import * as z from 'zod/mini'
import { boolean, choice, duration, integer, secret, text, url } from './option.ts'

/** What a kind makes of a value; `refused` when it does not take it. */
const read = (kind: z.ZodMiniType, value: unknown): unknown => {
  const result = kind.safeParse(value)
  return result.success ? result.data : 'refused'
}

describe('boolean', () => {
  it.each([true, 'true', 'True', 'TRUE', 't', 'T', '1', 'yes', 'On'])('takes %p as true', value => {
    expect(read(boolean(), value)).toBe(true)
  })

  it.each([false, 'false', 'False', 'f', '0', 'no', 'off'])('takes %p as false', value => {
    expect(read(boolean(), value)).toBe(false)
  })

  it.each([1, 0, null, undefined, 'maybe', ' true', '', []])('refuses %p', value => {
    expect(read(boolean(), value)).toBe('refused')
  })
})

describe('integer', () => {
  const size = integer({ min: 5, max: 50, unit: 'bytes' })

  it.each([
    [5, 5],
    [50, 50],
    ['7', 7],
    ['+7', 7],
  ])('takes %p', (value, result) => {
    expect(read(size, value)).toBe(result)
  })

  it.each([4, 51, -7, 7.5, '7.0', '10MB', '1e1', '0x10', ' 7', '', 'seven', NaN, Infinity, 7n, true, null])(
    'refuses %p',
    value => {
      expect(read(size, value)).toBe('refused')
    },
  )

  it('says its range and unit', () => {
    expect(z.globalRegistry.get(size)?.accepted).toBe('a whole number from 5 to 50 (bytes)')
  })

  it('refuses numbers that lost digits', () => {
    expect(read(integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), '9007199254740993')).toBe('refused')
  })
})

describe('text and secret', () => {
  it('take texts only', () => {
    for (const kind of [text(), secret()]) {
      expect(read(kind, 'as it is ')).toBe('as it is ')
      for (const value of [5, true, null, undefined, ['a']]) expect(read(kind, value)).toBe('refused')
    }
  })

  it('follow a rule when there is one', () => {
    const lower = text({ accepted: 'a lower-case text', matches: value => value === value.toLowerCase() })
    expect(read(lower, 'abc')).toBe('abc')
    expect(read(lower, 'Abc')).toBe('refused')
  })
})

describe('choice', () => {
  const storageClass = choice(['NONE', 'Standard'])

  it('takes its names without regard to case and spells them as in the list', () => {
    expect(read(storageClass, 'none')).toBe('NONE')
    expect(read(storageClass, 'STANDARD')).toBe('Standard')
  })

  it.each(['', 'non', 'NONE ', 0, null])('refuses %p', value => {
    expect(read(storageClass, value)).toBe('refused')
  })

  it('is for a program one of its names exactly, by the types', () => {
    const given: z.input<typeof storageClass>[] = ['NONE', 'Standard']
    // @ts-expect-error: in another case
    given.push('none')
    // @ts-expect-error: no such name
    given.push('Glacier')
    expect(given.map(name => read(storageClass, name))).toEqual(['NONE', 'Standard', 'NONE', 'refused'])
  })

  it('says its names', () => {
    expect(z.globalRegistry.get(storageClass)?.accepted).toBe('one of NONE, Standard')
  })
})

describe('duration', () => {
  it.each([
    ['20m', 1_200_000],
    ['1h30m', 5_400_000],
    ['1h30m0.5s', 5_400_500],
    ['1.5h', 5_400_000],
    ['.5s', 500],
    ['250ms', 250],
    ['2d', 172_800_000],
  ])('takes %p as %d milliseconds', (value, milliseconds) => {
    expect(read(duration(), value)).toBe(milliseconds)
  })

  it.each(['10', 10, '0', '0s', '-5m', '5 m', '5M', '1h30', 'm', '', '5 minutes', '1e3s', null, undefined])(
    'refuses %p',
    value => {
      expect(read(duration(), value)).toBe('refused')
    },
  )

  it('takes zero where it is allowed to, but nothing below', () => {
    const kind = duration({ zero: true })
    expect(read(kind, '0')).toBe(0)
    expect(read(kind, '0s')).toBe(0)
    expect(read(kind, '-1s')).toBe('refused')
    expect(read(kind, '10')).toBe('refused')
  })
})

describe('url', () => {
  it('takes http and https URLs, as texts or objects', () => {
    expect(read(url(), 'https://example.com/a?b')).toEqual(new URL('https://example.com/a?b'))
    expect(read(url(), new URL('http://127.0.0.1:9000'))).toEqual(new URL('http://127.0.0.1:9000'))
  })

  it.each(['example.com', 'example.com:80', '//example.com', 'https://', 'ftp://a', new URL('file:///a'), 5, null, ''])(
    'refuses %p',
    value => {
      expect(read(url(), value)).toBe('refused')
    },
  )
})
