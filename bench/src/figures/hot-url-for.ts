import { generateKeyPairSync } from 'node:crypto'
import { cloudfront } from '@longshore/middleware-cloudfront'
import { ForwardingDriver, type SignedUrl, type UrlOptions, compose } from '@longshore/middleware-core'
import { s3 } from '@longshore/s3-driver'
import { type Side, alternate } from '../alternate.ts'
import type { Figure } from '../figure.ts'
import { atLeast } from '../row.ts'

/** Any middleware on top of the others; this one counts. */
class Counting extends ForwardingDriver {
  urls = 0

  override urlFor(path: string, options?: UrlOptions): Promise<SignedUrl | undefined> {
    this.urls++
    return this.inner.urlFor(path, options)
  }
}

export const hotUrlFor: Figure = {
  name: 'hot-url-for',
  title: 'URLs of an object that was asked for before, through the whole stack',
  seconds: 5,
  async measure(bench) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const stack = compose(
      s3({ region: 'eu-central-1', bucket: 'artifacts' }),
      cloudfront({
        baseUrl: 'https://d111111abcdef8.cloudfront.net',
        privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
        keyPairId: 'K2JCJMDEHXQW5F',
      }),
      driver => new Counting(driver),
    )
    bench.scope.own(stack)
    const calls = bench.size(1_000_000, 100_000)
    const path = `/docker/registry/v2/blobs/sha256/ab/${'ab'.repeat(32)}/data`
    const options = { size: 1000, client: { ip: '192.0.2.1', userAgent: 'containerd/2.0' } }
    const ours: Side = {
      name: 'Longshore',
      prepare: async () => async () => {
        const begun = performance.now()
        for (let call = 0; call < calls; call++) await stack.urlFor(path, options)
        return { perSecond: (calls / (performance.now() - begun)) * 1000 }
      },
    }
    const samples = await alternate([ours], { rounds: bench.size(7, 3), log: bench.log })
    return [
      {
        what: 's3, cloudfront and one more middleware, one core',
        unit: '/s',
        ours: samples.of('Longshore', 'perSecond'),
        target: atLeast(1_000_000),
      },
    ]
  },
}
