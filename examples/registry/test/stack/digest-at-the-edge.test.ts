import { viewerFunctions } from '@longshore/e2e/edge-function'
import { startLocalCloud } from '@longshore/local-cloud'
import { expect, it } from '@jest/globals'
import { content, pushBlob } from '../support/client.ts'
import { stackOf } from '../support/cloud.ts'
import { startRegistry } from '../support/registry.ts'

it.each(['canned', 'custom'] as const)('names the digest on the final answer of a pull: %s policy', async policy => {
  await using cloud = await startLocalCloud({ edge: { viewerFunctions } })
  await using storage = stackOf(cloud, { policy })
  await using registry = await startRegistry({ storage })
  const bytes = content(1_000_000)
  const digest = await pushBlob(registry, bytes)
  const blob = `${registry.url}/v2/library/hello/blobs/${digest}`
  for (const [method, headers, status, sent] of [
    ['GET', {}, 200, bytes],
    ['GET', { authorization: 'Bearer token', cookie: 'a=b' }, 200, bytes],
    ['GET', { range: 'bytes=10-19' }, 206, bytes.subarray(10, 20)],
    ['GET', { range: 'bytes=999990-' }, 206, bytes.subarray(999_990)],
    ['HEAD', {}, 200, Buffer.alloc(0)],
  ] as const) {
    const answer = await fetch(blob, { method, headers })
    expect([answer.status, answer.headers.get('docker-content-digest')]).toEqual([status, digest])
    expect(Buffer.from(await answer.arrayBuffer()).equals(sent)).toBe(true)
    if (method === 'GET') expect(answer.url).toMatch(cloud.edge.baseUrl)
  }
})
