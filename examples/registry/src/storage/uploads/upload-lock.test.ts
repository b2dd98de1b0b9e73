import { EventEmitter, once } from 'node:events'
import { expect, it } from '@jest/globals'
import { type LockHandle, UploadLock, receivedBy } from './upload-lock.ts'

it('runs requests to one upload in turn, and those to others meanwhile', async () => {
  const lock = new UploadLock()
  const events: string[] = []
  const gate = new EventEmitter()
  const first = lock.run('a', async () => {
    await once(gate, 'open')
    events.push('first')
  })
  const second = lock.run('a', async () => events.push('second'), 100_000)
  const ahead = lock.run('a', async () => events.push('ahead'))
  await lock.run('b', async () => events.push('other'))
  gate.emit('open')
  await Promise.all([first, second, ahead])
  expect(events).toEqual(['other', 'first', 'ahead', 'second'])
})

it('goes on after a request that failed, whose failure is its own', async () => {
  const lock = new UploadLock()
  const failed = lock.run('a', () => Promise.reject(new Error('no')))
  const next = lock.run('a', async () => 'yes')
  await expect(failed).rejects.toThrow('no')
  expect(await next).toBe('yes')
})

it('refuses a request that waited as long as it may, and goes on with those behind it', async () => {
  const lock = new UploadLock()
  const gate = new EventEmitter()
  const first = lock.run('a', () => once(gate, 'open'))
  const short = lock.run('a', async () => 'too late', 10)
  const long = lock.run('a', async () => 'yes', 100_000)
  await expect(short).rejects.toMatchObject({ code: 'BLOB_UPLOAD_INVALID', status: 409 })
  gate.emit('open')
  await first
  expect(await long).toBe('yes')
})

it('knows who receives a body, until that ends, and stops it', async () => {
  const lock = new UploadLock()
  const events = new EventEmitter()
  async function* body(): AsyncGenerator<Buffer> {
    yield Buffer.from('a')
    events.emit('waits')
    await once(events, 'stop')
  }
  const task = async (handle: LockHandle): Promise<string> => {
    const receiving = { size: 7, stop: () => void events.emit('stop') }
    for await (const chunk of receivedBy(handle, receiving, body())) expect(String(chunk)).toBe('a')
    return handle.receiving === undefined ? 'ended' : 'receiving'
  }
  const waits = once(events, 'waits')
  const running = lock.run('a', task)
  const behind = lock.run('a', async () => 'never', 100_000)
  await waits
  expect(lock.receiving('a')?.size).toBe(7)
  expect(lock.receiving('b')).toBeUndefined()
  lock.interrupt('a', new Error('cancelled'))
  await expect(behind).rejects.toThrow('cancelled')
  expect(await running).toBe('ended')
  expect(lock.receiving('a')).toBeUndefined()
})
