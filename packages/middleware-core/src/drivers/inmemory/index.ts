import * as z from 'zod/mini'
import { type DriverFactory, defineDriver } from '../../authoring/define-driver.ts'
import { InMemoryDriver } from './driver.ts'

/**
 * Keeps everything in this process's memory, for tests and for trying things out. Each call of the factory makes a storage of
 * its own. It is the model that the conformance suite compares other drivers with.
 *
 * @example
 * const storage = inmemory()
 * await storage.putContent('/hello.txt', 'Hello')
 */
export const inmemory: DriverFactory<Readonly<Record<string, never>>> = defineDriver({
  name: 'inmemory',
  options: z.object({}),
  capabilities: {
    revisions: true,
    uploadRevisions: true,
    metadata: true,
    putIfAbsent: true,
    putIfRevision: true,
    commitIfAbsent: true,
    commitIfRevision: true,
    deleteIfRevision: true,
  },
  create: () => new InMemoryDriver(),
})
