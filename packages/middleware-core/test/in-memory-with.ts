import { InMemoryDriver } from '../src/drivers/inmemory/driver.ts'
import type { DriverImplementation } from '../src/authoring/driver-implementation.ts'

/** Creates an in-memory storage with some methods of its own. */
export function inMemoryWith(changes: Partial<DriverImplementation>): DriverImplementation {
  return Object.assign(new InMemoryDriver(), changes)
}
