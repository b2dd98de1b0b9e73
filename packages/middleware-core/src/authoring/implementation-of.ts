import type { StorageDriver } from '../contract/storage-driver.ts'
import type { DriverImplementation } from './driver-implementation.ts'

/** Leads from a driver to its implementation, and from a middleware to the driver inside. The same in every copy of this package. */
export const implementationSymbol = Symbol.for('longshore.implementation')

/**
 * Finds the implementation of the driver at the bottom of a stack: for a driver's package that offers more than the contract,
 * such as its client.
 */
export function implementationOf(storage: StorageDriver): DriverImplementation | undefined {
  return (storage as { [implementationSymbol]?: DriverImplementation })[implementationSymbol]
}
