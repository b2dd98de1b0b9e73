import { createHmac } from 'node:crypto'
import { expect, it } from '@jest/globals'
import { UploadStates } from './upload-state.ts'

const name = { repository: 'library/hello', id: '0189cc2f-2f76-7b1e-a3b8-c94ee5f2a001' }
const startedAt = new Date('2026-08-18T11:55:22.345Z')

/** As Distribution reads and writes states, written down apart from the code. */
function distribution(secret: string, json: string): string {
  const mac = createHmac('sha256', secret).update(json).digest()
  return Buffer.concat([mac, Buffer.from(json)])
    .toString('base64')
    .replaceAll('+', '-')
    .replaceAll('/', '_')
}

it('has Distribution’s form', () => {
  for (const offset of [0, 1, 22, 333]) {
    const json = `{"Name":"library/hello","UUID":"${name.id}","Offset":${offset},"StartedAt":"2026-08-18T11:55:22.345Z","Server":"longshore"}`
    const state = new UploadStates('secret').sign(name, { offset, startedAt, isOurs: true })
    expect(state).toBe(distribution('secret', json))
    expect(new UploadStates('secret').verify(name, state)).toEqual({ offset, startedAt, isOurs: true })
  }
})

it('is Distribution’s own, too', () => {
  const json = `{"Name":"library/hello","UUID":"${name.id}","Offset":5,"StartedAt":"2026-08-18T11:55:22.345678901Z"}`
  const read = new UploadStates('secret').verify(name, distribution('secret', json))
  expect(read).toEqual({ offset: 5, startedAt, isOurs: false })
})

it('is nothing when it was signed by somebody else, changed, cut, or is of another upload', () => {
  const states = new UploadStates('secret')
  const state = states.sign(name, { offset: 5, isOurs: true })
  expect(states.verify(name, state)).toEqual({ offset: 5, startedAt: undefined, isOurs: true })
  const bytes = Buffer.from(state, 'base64url')
  for (const [index] of bytes.entries()) {
    const changed = Buffer.from(bytes)
    changed[index] = (changed[index] ?? 0) ^ 1
    expect(states.verify(name, changed.toString('base64url'))).toBeUndefined()
    expect(states.verify(name, bytes.subarray(0, index).toString('base64url'))).toBeUndefined()
  }
  expect(new UploadStates('other').verify(name, state)).toBeUndefined()
  expect(states.verify({ ...name, repository: 'library/other' }, state)).toBeUndefined()
  expect(states.verify({ ...name, id: '0189cc2f-2f76-7b1e-a3b8-c94ee5f2a002' }, state)).toBeUndefined()
  expect(states.verify(name, undefined)).toBeUndefined()
  expect(states.verify(name, distribution('secret', '{"Name":7}'))).toBeUndefined()
})
