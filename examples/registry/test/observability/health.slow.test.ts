import { always, startLocalCloud } from '@longshore/local-cloud'
import { describe, expect, it } from '@jest/globals'
import { inmemory } from '@longshore/middleware-core'
import { cloudConfig, withOperations } from '../support/cloud.ts'
import { operationsAt, readyAt, workplace } from '../support/program.ts'
import { startRegistry } from '../support/registry.ts'
import { until } from '../support/until.ts'

const here = workplace()

async function health(url: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url)
  return { status: response.status, body: await response.json() }
}

const well = { status: 200, body: { status: 'ok' } }

describe('/healthz', () => {
  it('follows the storage, on both ports', async () => {
    await using cloud = await startLocalCloud()
    const program = await here.startWith(cloudConfig(cloud, { http: withOperations }))
    const [url, operations] = [await readyAt(program), await operationsAt(program)]
    const urls = [`${url}/healthz`, `${operations}/healthz`, `${operations}/debug/health`]
    for (const each of urls) expect(await health(each)).toEqual(well)

    const heal = cloud.s3.faults.add(always({ kind: 'error', status: 403, code: 'AccessDenied' }))
    for (const each of urls) {
      const { body } = await until(
        () => health(each),
        ({ status }) => status === 503,
      )
      expect(body).toEqual({ status: 'unavailable', reason: 'the storage refuses access' })
    }
    heal()
    for (const each of urls) {
      await until(
        () => health(each),
        ({ status }) => status === 200,
      )
    }
  })

  it('asks the storage about once a second, however often it is asked itself', async () => {
    await using cloud = await startLocalCloud()
    const program = await here.startWith(cloudConfig(cloud))
    const url = await readyAt(program)
    const before = cloud.s3.requests.count('HeadBucket')
    const begun = performance.now()
    for (let round = 0; round < 50; round++) expect(await health(`${url}/healthz`)).toEqual(well)
    const seconds = (performance.now() - begun) / 1000
    expect(cloud.s3.requests.count('HeadBucket') - before).toBeLessThanOrEqual(1 + Math.ceil(seconds))
  })

  it('answers in time when the storage does not', async () => {
    await using cloud = await startLocalCloud()
    const program = await here.startWith(cloudConfig(cloud))
    const url = await readyAt(program)
    cloud.s3.faults.add(always({ kind: 'delay', milliseconds: 60_000 }))
    expect(await health(`${url}/healthz`)).toEqual({
      status: 503,
      body: { status: 'unavailable', reason: 'the storage does not answer' },
    })
  })

  it('answers HEAD, and is not kept by anybody', async () => {
    await using registry = await startRegistry({ storage: inmemory() })
    const response = await fetch(`${registry.url}/healthz`, { method: 'HEAD' })
    expect([response.status, response.headers.get('cache-control'), await response.text()]).toEqual([
      200,
      'no-store',
      '',
    ])
  })

  it('is open where everything else asks who is there', async () => {
    const hash = '$2b$04$abcdefghijklmnopqrstuuNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN'
    const path = await here.folder.write('htpasswd', `user:${hash}\n`)
    const auth = `auth: { htpasswd: { realm: registry, path: ${path} } }\n`
    const program = await here.startWith(`http: { addr: 127.0.0.1:0 }\nstorage: inmemory\n${auth}`)
    const url = await readyAt(program)
    expect((await fetch(`${url}/v2/`)).status).toBe(401)
    expect(await health(`${url}/healthz`)).toEqual(well)
  })
})
