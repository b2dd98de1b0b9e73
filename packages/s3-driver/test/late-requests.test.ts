import { type IncomingMessage, request as send } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from '@jest/globals'
import { part, useFixture, write } from './cloud.ts'
import { startProxy } from './proxy.ts'

const fixture = useFixture()
const content = Buffer.alloc(part + 1000, 'content ')

/** Sends a request to the local cloud that its sender has given up, and waits for the answer. */
async function arriveLate({ method, url, headers }: IncomingMessage, body: Buffer): Promise<void> {
  await new Promise((resolve, reject) => {
    send({ host: '127.0.0.1', port: fixture.cloud.s3.port, method, path: url, headers }, answer =>
      answer.resume().on('end', resolve),
    )
      .on('error', reject)
      .end(body)
  })
}

describe('a checkpoint that its sender has given up', () => {
  it('does not take the place of a later one when it arrives after all', async () => {
    let late: (() => Promise<void>) | undefined
    await using proxy = await startProxy(fixture.cloud, async request => {
      if (late || request.method !== 'PUT' || !request.url?.includes('~uploads')) return undefined
      late = () => Promise.resolve()
      const body = await buffer(request)
      late = () => arriveLate(request, body)
      return { status: 503 }
    })
    const writer = await fixture.another({ regionEndpoint: proxy.endpoint }).writer('/a')
    await write(writer, content)
    await writer.close()
    await late?.()
    const next = await fixture.another().writer('/a', { append: true })
    expect(next.size).toBe(content.length)
    await next.commit()
    expect((await fixture.bucket.read('a'))?.equals(content)).toBe(true)
  })
})
