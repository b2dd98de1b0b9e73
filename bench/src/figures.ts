import type { Figure } from './figure.ts'
import { coldSigning } from './figures/cold-signing.ts'
import { eventLoopDelay } from './figures/event-loop-delay.ts'
import { hotUrlFor } from './figures/hot-url-for.ts'
import { importTime } from './figures/import-time.ts'
import { inlinePulls } from './figures/inline-pulls.ts'
import { ipRanges } from './figures/ip-ranges.ts'
import { memory } from './figures/memory.ts'
import { move } from './figures/move.ts'
import { pushLarge } from './figures/push-large.ts'
import { redirects } from './figures/redirects.ts'
import { s3Requests } from './figures/s3-requests.ts'
import { smallPushes } from './figures/small-pushes.ts'
import { walk } from './figures/walk.ts'
import { writerThroughput } from './figures/writer-throughput.ts'
import { zipfRedirects } from './figures/zipf-redirects.ts'

/**
 * All figures, in the order in which they are measured: those that need no server first, and those that fill Ceph with
 * small objects, which take much of its memory, last.
 */
export const figures: readonly Figure[] = [
  coldSigning,
  hotUrlFor,
  eventLoopDelay,
  ipRanges,
  importTime,
  inlinePulls,
  redirects,
  pushLarge,
  smallPushes,
  writerThroughput,
  move,
  memory,
  s3Requests,
  zipfRedirects,
  walk,
]
