import { EventEmitter, once } from 'node:events'
import { expect, it } from '@jest/globals'
import { type Turn, UploadLock, receivedIn } from './upload-lock.ts'

it('runs requests to one upload in turn, and those to others meanwhile', async () => {
  const turns = new UploadLock()
  const events: string[] = []
  const gate = new EventEmitter()
  const first = turns.run('a', async () => {
    await once(gate, 'open')
    events.push('first')
  })
  const second = turns.run('a', async () => events.push('second'), 100)
  const ahead = turns.run('a', async () => events.push('ahead'))
  await turns.run('b', async () => events.push('other'))
  gate.emit('open')
  await Promise.all([first, second, ahead])
  expect(events).toEqual(['other', 'first', 'ahead', 'second'])
})

it('goes on after a request that failed, whose failure is its own', async () => {
  const turns = new UploadLock()
  const failed = turns.run('a', () => Promise.reject(new Error('no')))
  const next = turns.run('a', async () => 'yes')
  await expect(failed).rejects.toThrow('no')
  expect(await next).toBe('yes')
})

it('refuses a request whose patience ends, and goes on with those behind it', async () => {
  const turns = new UploadLock()
  const gate = new EventEmitter()
  const first = turns.run('a', () => once(gate, 'open'))
  const impatient = turns.run('a', async () => 'too late', 0.01)
  const patient = turns.run('a', async () => 'yes', 100)
  await expect(impatient).rejects.toMatchObject({ code: 'BLOB_UPLOAD_INVALID', status: 409 })
  gate.emit('open')
  await first
  expect(await patient).toBe('yes')
})

it('knows who receives a body, until that ends, and stops it', async () => {
  const turns = new UploadLock()
  const events = new EventEmitter()
  async function* body(): AsyncGenerator<Buffer> {
    yield Buffer.from('a')
    events.emit('waits')
    await once(events, 'stop')
  }
  const task = async (turn: Turn): Promise<string> => {
    const receiving = { size: 7, stop: () => void events.emit('stop') }
    for await (const chunk of receivedIn(turn, receiving, body())) expect(String(chunk)).toBe('a')
    return turn.receiving === undefined ? 'ended' : 'receiving'
  }
  const waits = once(events, 'waits')
  const running = turns.run('a', task)
  const behind = turns.run('a', async () => 'never', 100)
  await waits
  expect(turns.receiving('a')?.size).toBe(7)
  expect(turns.receiving('b')).toBeUndefined()
  turns.interrupt('a', new Error('cancelled'))
  await expect(behind).rejects.toThrow('cancelled')
  expect(await running).toBe('ended')
  expect(turns.receiving('a')).toBeUndefined()
})
