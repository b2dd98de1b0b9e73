import { describe, expect, it } from '@jest/globals'
import type { CheckContext } from '@longshore/middleware-core/cli'
import { s3 } from '../../s3.ts'
import { type FindAddress, connectionChecks } from './connection-checks.ts'
import { Probe } from './probe.ts'

const given = { regionEndpoint: 'http://s3.longshore.invalid', bucket: 'images', accessKey: 'a', secretKey: 's' }

async function problemsOf(options: object, findAddress: FindAddress): Promise<string[] | undefined> {
  await using storage = s3({ ...given, ...options })
  const context = { layer: { options: { ...given, ...options }, where: 'storage.s3' }, scratch: '/scratch' }
  const [connection] = connectionChecks(new Probe(context as unknown as CheckContext, storage), findAddress)
  const outcome = await connection?.run(new AbortController().signal)
  return outcome?.findings?.map(({ problem }) => problem.name)
}

const isKnown = (): Promise<unknown> => Promise.resolve('192.0.2.1')
const isUnknown = (): Promise<unknown> => Promise.reject(new Error('ENOTFOUND'))

describe('the check of the connection', () => {
  it('tells a server that DNS does not know from one of which it does not know the bucket', async () => {
    expect(await problemsOf({}, isKnown)).toEqual(['bucket-host-unknown'])
    expect(await problemsOf({}, isUnknown)).toEqual(['unknown-host'])
    expect(await problemsOf({ forcePathStyle: true }, isKnown)).toEqual(['unknown-host'])
  })
})
