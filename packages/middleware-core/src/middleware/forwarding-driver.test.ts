import { Readable } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { implementationOf } from '../authoring/implementation-of.ts'
import type { StorageDriver } from '../contract/index.ts'
import { inmemory } from '../drivers/inmemory/index.ts'
import { ForwardingDriver } from './forwarding-driver.ts'

type Method = Exclude<keyof StorageDriver, 'name' | 'capabilities'>

/** Arguments to call each method of the contract with. A method that is missing here does not pass the type check. */
const argumentsOf: { [M in Method]-?: Parameters<NonNullable<StorageDriver[M]>> } = {
  getContent: ['/a', {}],
  putContent: ['/a', 'x', {}],
  putStream: ['/a', Readable.from([]), {}],
  reader: ['/a', { offset: 1 }],
  writer: ['/a', { append: true, destination: '/b' }],
  stat: ['/a', { fileOnly: true }],
  list: ['/a', {}],
  walk: ['/a', { startAfter: '/a/b' }],
  move: ['/a', '/b', { size: 1 }],
  delete: ['/a', { fileOnly: true }],
  urlFor: ['/a', { method: 'HEAD' }],
  uploadUrlFor: ['/a', { size: 1 }],
  uploadFormFor: ['/a', { size: { max: 1 } }],
  directUpload: ['/a', { size: 1 }],
  keyFor: ['/a'],
  purgeUploads: [{ olderThan: new Date(0), path: '/a' }],
  [Symbol.asyncDispose]: [],
}
const methods = Reflect.ownKeys(argumentsOf) as Method[]

describe('ForwardingDriver', () => {
  it('has every method of a driver', () => {
    const drivers = Reflect.ownKeys(Object.getPrototypeOf(inmemory()) as object).filter(key => key !== 'constructor')
    expect(new Set(drivers)).toEqual(new Set(methods))
  })

  it.each(methods)('forwards %p with its arguments and gives back what comes', method => {
    const result = {}
    const calls: unknown[] = []
    const inner: object = { name: 'inner', [method]: (...given: unknown[]) => (calls.push(given), result) }
    const outer = new ForwardingDriver(inner as StorageDriver)
    const forwarded = outer[method].bind(outer) as (...given: unknown[]) => unknown
    expect(forwarded(...argumentsOf[method])).toBe(result)
    expect(calls).toEqual([argumentsOf[method]])
  })

  it('has the name and the capabilities of the driver it wraps', () => {
    const inner = inmemory()
    expect(new ForwardingDriver(inner).name).toBe('inmemory')
    expect(new ForwardingDriver(inner).capabilities).toBe(inner.capabilities)
  })

  it('takes the path for the key where the wrapped driver knows no keys', () => {
    expect(new ForwardingDriver({ name: 'keyless' } as never).keyFor('/a/b')).toBe('a/b')
  })

  it('leads to the implementation of the driver at the bottom', () => {
    const inner = inmemory()
    const outer = new ForwardingDriver(new ForwardingDriver(inner))
    expect(implementationOf(outer)).toBe(implementationOf(inner))
    expect(implementationOf(outer)).toBeDefined()
  })
})
