import * as z from 'zod/mini'
import { defineDriver } from '../../authoring/define-driver.ts'
import { InMemoryDriver } from './driver.ts'

/**
 * Keeps everything in this process's memory, for tests and for trying things out: `inmemory({})`. Each call of the factory
 * makes a storage of its own. It is the model that the conformance suite compares other drivers with.
 */
export const inmemory = defineDriver({
  name: 'inmemory',
  options: z.object({}),
  capabilities: {
    revisions: true,
    uploadRevisions: true,
    metadata: true,
    putIfAbsent: true,
    putIfRevision: true,
    deleteIfRevision: true,
  },
  create: () => new InMemoryDriver(),
})
