import { afterEach, describe, expect, it } from '@jest/globals'
import { inMemoryWith } from '../../test/in-memory-with.ts'
import { driverFrom } from './base-driver.ts'
import { InMemoryDriver } from '../drivers/inmemory/driver.ts'
import { pathNotFound } from '../contract/errors.ts'
import { type OperationTrace, operationChannel } from './diagnostics.ts'

describe('the diagnostics channel', () => {
  const traces: [string, OperationTrace][] = []
  const subscribers = {
    start: (trace: unknown) => traces.push(['start', trace as OperationTrace]),
    end: () => {},
    asyncStart: () => {},
    asyncEnd: (trace: unknown) => traces.push(['asyncEnd', trace as OperationTrace]),
    error: (trace: unknown) => traces.push(['error', trace as OperationTrace]),
  }

  afterEach(() => {
    operationChannel.unsubscribe(subscribers)
    traces.length = 0
  })

  it('announces calls and how they end', async () => {
    const driver = driverFrom('mine', new InMemoryDriver())
    operationChannel.subscribe(subscribers)
    await driver.putContent('/file', 'content')
    expect(traces.map(([event, { operation }]) => `${event} ${operation}`)).toEqual([
      'start putContent',
      'asyncEnd putContent',
    ])
    expect(traces[0]?.[1]).toMatchObject({ driver: 'mine', operation: 'putContent', path: '/file' })
    traces.length = 0
    await expect(driver.getContent('/missing')).rejects.toThrow()
    expect(traces.map(([event]) => event)).toEqual(['start', 'error', 'asyncEnd'])
    expect(traces[1]?.[1].error).toMatchObject({ code: 'PATH_NOT_FOUND' })
  })

  it('has the error that the caller gets', async () => {
    const broken = inMemoryWith({
      getContent: () => Promise.reject(new Error('ENOENT')),
      mapError: () => pathNotFound('/file'),
    })
    const driver = driverFrom('mine', broken)
    operationChannel.subscribe(subscribers)
    await expect(driver.getContent('/file')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    expect(traces.at(-1)?.[1].error).toMatchObject({ code: 'PATH_NOT_FOUND', driver: 'mine', path: '/file' })
  })

  it('announces what becomes of a writer', async () => {
    const driver = driverFrom('mine', new InMemoryDriver())
    operationChannel.subscribe(subscribers)
    const writer = await driver.writer('/file')
    await writer.close()
    await writer.commit()
    const started = traces.filter(([event]) => event === 'start').map(([, { operation }]) => operation)
    expect(started).toEqual(['writer', 'close', 'commit'])
  })
})
