import { EventEmitter, once } from 'node:events'
import { expect, it } from '@jest/globals'
import { KeyedQueue } from './keyed-queue.ts'

it('runs tasks of one key in turn, and those of others meanwhile', async () => {
  const queue = new KeyedQueue()
  const events: string[] = []
  const gate = new EventEmitter()
  const first = queue.run('a', async () => {
    await once(gate, 'open')
    events.push('first')
  })
  const second = queue.run('a', async () => events.push('second'))
  await queue.run('b', async () => events.push('other'))
  gate.emit('open')
  await Promise.all([first, second])
  expect(events).toEqual(['other', 'first', 'second'])
})

it('goes on after a task that failed, whose failure is its caller’s', async () => {
  const queue = new KeyedQueue()
  const failed = queue.run('a', () => Promise.reject(new Error('no')))
  const next = queue.run('a', async () => 'yes')
  await expect(failed).rejects.toThrow('no')
  expect(await next).toBe('yes')
})
