import { generateKeyPairSync } from 'node:crypto'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { cloudfront } from '@longshore/middleware-cloudfront'
import { type StorageDriver, inmemory } from '@longshore/middleware-core'
import { type Sample, type Side, alternate } from '../alternate.ts'
import type { Bench } from '../bench.ts'
import type { Figure } from '../figure.ts'
import { type Row, atMost } from '../row.ts'
import { summarize } from '../statistics.ts'

const loads = [
  {
    what: '2,000 RSA-2048 URLs a second',
    perSecond: 2000,
    key: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  },
  {
    what: '10,000 EC P-256 URLs a second',
    perSecond: 10_000,
    key: () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
  },
]

export const eventLoopDelay: Figure = {
  name: 'event-loop-delay',
  title: 'How long the event loop is kept waiting while URLs are signed: p99 above that of an idle process',
  seconds: 50,
  async measure(bench) {
    const rows: Row[] = []
    for (const load of loads) rows.push(...(await measureLoad(bench, load)))
    return rows
  },
}

async function measureLoad(bench: Bench, { what, perSecond, key }: (typeof loads)[number]): Promise<Row[]> {
  const driver = cloudfront({
    baseUrl: 'https://d111111abcdef8.cloudfront.net',
    privateKey: key().privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    keyPairId: 'K2JCJMDEHXQW5F',
    expiryWindow: '0',
  })(inmemory())
  bench.scope.own(driver)
  const milliseconds = bench.size(4000, 500)
  const idle: Side = { name: 'idle', prepare: async () => () => delayDuring(() => wait(milliseconds)) }
  const signing: Side = {
    name: 'Longshore',
    prepare: async () => () => delayDuring(() => ask(driver, perSecond, milliseconds)),
  }
  const samples = await alternate([idle, signing], { rounds: bench.size(5, 2), log: bench.log })
  const [ours, peer] = [samples.of('Longshore', 'p99'), samples.of('idle', 'p99')]
  const above = 'summary' in ours && 'summary' in peer ? ours.summary.median - peer.summary.median : Number.NaN
  return [
    {
      what: `${what}, above idle`,
      unit: 'ms',
      ours: { name: 'Longshore', summary: summarize([above]) },
      target: atMost(5),
    },
    { what: `${what}, p99`, unit: 'ms', ours, peer },
  ]
}

/** The 99th percentile of the event loop's delay meanwhile, in milliseconds. */
async function delayDuring(work: () => Promise<unknown>): Promise<Sample> {
  const monitor = monitorEventLoopDelay({ resolution: 1 })
  monitor.enable()
  await work()
  monitor.disable()
  return { p99: monitor.percentile(99) / 1e6 }
}

/** Asks for cold URLs at a steady rate. Throws when they do not come as fast as they are asked for. */
async function ask(driver: StorageDriver, perSecond: number, milliseconds: number): Promise<void> {
  const begun = performance.now()
  const wanted: Promise<unknown>[] = []
  for (;;) {
    const elapsed = performance.now() - begun
    if (elapsed >= milliseconds) break
    while (wanted.length < (elapsed / 1000) * perSecond)
      wanted.push(driver.urlFor(`/blobs/${wanted.length}`, { size: 1000 }))
    await wait(1)
  }
  await Promise.all(wanted)
  const rate = (wanted.length / (performance.now() - begun)) * 1000
  if (rate < perSecond * 0.8) throw new Error(`only ${rate.toFixed(0)} of ${perSecond} URLs came each second`)
}
