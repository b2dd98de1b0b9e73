import { type KeyObject, createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { getSignedUrl } from '@aws-sdk/cloudfront-signer'
import { cloudfront } from '@longshore/middleware-cloudfront'
import { inmemory } from '@longshore/middleware-core'
import { type Sample, type Side, alternate } from '../alternate.ts'
import type { Bench } from '../bench.ts'
import type { Figure } from '../figure.ts'
import { inParallel } from '../load/in-parallel.ts'
import { type Row, timesAtLeast } from '../row.ts'
import { runProgram } from '../run-program.ts'

const baseUrl = 'https://d111111abcdef8.cloudfront.net'
const keyPairId = 'K2JCJMDEHXQW5F'
/** Of one round. */
const milliseconds = 1500

export const coldSigning: Figure = {
  name: 'cold-signing',
  title: 'URLs signed for objects that were not asked for before',
  seconds: 70,
  measure: async bench => [...(await rsa(bench)), ...(await p256(bench))],
}

async function rsa(bench: Bench): Promise<Row[]> {
  const pem = newPem('rsa')
  const samples = await alternate([longshore(bench, pem), openssl(bench), sdk('AWS signer, PEM', bench, pem)], {
    rounds: bench.size(5, 2),
    log: bench.log,
  })
  const row = (what: string, peer: string, times: number): Row => ({
    what: `RSA-2048, ${what}`,
    unit: '/s',
    ours: samples.of('Longshore', 'perSecond'),
    peer: samples.of(peer, 'perSecond'),
    target: timesAtLeast(times),
  })
  return [row('against openssl speed', 'openssl', 0.8), row('against the AWS signer', 'AWS signer, PEM', 5)]
}

async function p256(bench: Bench): Promise<Row[]> {
  const pem = newPem('p256')
  // The SDK's type does not say so, but Node's crypto underneath takes a parsed key.
  const parsed = createPrivateKey(pem) as KeyObject & string
  const samples = await alternate(
    [longshore(bench, pem), sdk('AWS signer, parsed key', bench, parsed), sdk('AWS signer, PEM', bench, pem)],
    { rounds: bench.size(5, 2), log: bench.log },
  )
  const row = (what: string, peer: string, times: number): Row => ({
    what: `EC P-256, against the AWS signer with ${what}`,
    unit: '/s',
    ours: samples.of('Longshore', 'perSecond'),
    peer: samples.of(peer, 'perSecond'),
    target: timesAtLeast(times),
  })
  return [row('a parsed key', 'AWS signer, parsed key', 1.1), row('a PEM', 'AWS signer, PEM', 15)]
}

/** `urlFor` of the middleware, which keeps no URL here. */
function longshore(bench: Bench, privateKey: string): Side {
  return {
    name: 'Longshore',
    async prepare() {
      const driver = cloudfront({ baseUrl, privateKey, keyPairId, expiryWindow: '0' })(inmemory())
      bench.scope.own(driver)
      return () =>
        rateOf(bench, async running => {
          let signed = 0
          await inParallel(64, 64, async caller => {
            while (running()) {
              await driver.urlFor(`/blobs/${caller}/${signed}`, { size: 1000 })
              signed++
            }
          })
          return signed
        })
    },
  }
}

/** As its documentation shows it: on the event loop. */
function sdk(name: string, bench: Bench, privateKey: string): Side {
  return {
    name,
    prepare: async () => () =>
      rateOf(bench, async running => {
        let signed = 0
        const dateLessThan = new Date(Date.now() + 1_200_000).toISOString()
        for (; running(); signed++)
          getSignedUrl({ url: `${baseUrl}/blobs/${signed}`, keyPairId, privateKey, dateLessThan })
        return signed
      }),
  }
}

function openssl(bench: Bench): Side {
  const seconds = bench.size(2, 1)
  const args = ['speed', '-seconds', String(seconds), '-multi', String(availableParallelism()), 'rsa2048']
  return {
    name: 'openssl',
    needs: ['openssl'],
    prepare: async () => async () => {
      const output = await runProgram('openssl', args, { signal: bench.signal })
      const perSecond = Number(/^rsa\s+2048 bits\s+\S+\s+\S+\s+([\d.]+)/m.exec(output)?.[1])
      return { perSecond }
    },
  }
}

async function rateOf(bench: Bench, sign: (running: () => boolean) => Promise<number>): Promise<Sample> {
  const begun = performance.now()
  const end = begun + bench.size(milliseconds, 300)
  const signed = await sign(() => performance.now() < end)
  return { perSecond: (signed / (performance.now() - begun)) * 1000 }
}

function newPem(type: 'rsa' | 'p256'): string {
  const { privateKey } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
}
