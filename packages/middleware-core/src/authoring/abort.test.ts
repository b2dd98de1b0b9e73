import { getEventListeners } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import { abortable, onAbort } from './abort.ts'

describe('onAbort', () => {
  it('acts once when the signal fires', () => {
    const controller = new AbortController()
    let calls = 0
    onAbort(controller.signal, () => (calls += 1))
    expect(calls).toBe(0)
    controller.abort()
    controller.abort()
    expect(calls).toBe(1)
  })

  it('acts at once when the signal has fired', () => {
    let calls = 0
    onAbort(AbortSignal.abort(), () => (calls += 1))
    expect(calls).toBe(1)
  })

  it('does nothing any more once it is stopped, and leaves no listener', () => {
    const controller = new AbortController()
    let calls = 0
    onAbort(controller.signal, () => (calls += 1))()
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    controller.abort()
    expect(calls).toBe(0)
  })

  it('does nothing without a signal', () => {
    expect(() => onAbort(undefined, () => expect(true).toBe(false))()).not.toThrow()
  })
})

describe('abortable', () => {
  const pending = new Promise<never>(() => {})

  it('gives what the promise gives, and stops listening', async () => {
    const { signal } = new AbortController()
    await expect(abortable(Promise.resolve(1), signal)).resolves.toBe(1)
    await expect(abortable(Promise.reject(new Error('broken')), signal)).rejects.toThrow('broken')
    expect(getEventListeners(signal, 'abort')).toEqual([])
    await expect(abortable(Promise.resolve(2), undefined)).resolves.toBe(2)
  })

  it('rejects with the reason of the signal, whatever that is', async () => {
    for (const reason of [new Error('too slow'), 'a text']) {
      const controller = new AbortController()
      const waiting = abortable(pending, controller.signal)
      controller.abort(reason)
      await expect(waiting).rejects.toBe(reason)
    }
  })

  it('rejects with the reason of a signal that has fired, and hears a failure that comes then', async () => {
    const failing = Promise.reject(new Error('broken'))
    await expect(abortable(failing, AbortSignal.abort('gone'))).rejects.toBe('gone')
  })
})
