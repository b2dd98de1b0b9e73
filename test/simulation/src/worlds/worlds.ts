import { takeover } from './takeover.ts'
import { twoWriters } from './two-writers.ts'
import type { World } from './world.ts'

export const worlds: readonly World[] = [twoWriters, takeover]
