import { expect, it } from '@jest/globals'
import { describeWith } from '@longshore/e2e/programs'
import { type RedisServer, startRedis, startSentinel } from '@longshore/e2e/redis'
import { certify } from '@longshore/local-cloud'
import { content, pushBlob, putManifest, newManifest } from '../support/client.ts'
import { pushDeletable, staleAfterDelete } from '../support/deletes.ts'
import { freshStatus } from '../support/fresh-request.ts'
import { complained, printed, readyAt, workplace } from '../support/program.ts'

const here = workplace()

/** A node on the folder's files that caches in Redis. */
async function startNode(redis: string, ...options: string[]) {
  const program = await here.startWith(
    `http: { addr: 127.0.0.1:0 }
storage: { filesystem: { rootdirectory: ./files }, delete: { enabled: true }, cache: { blobdescriptor: redis } }
redis: { ${redis} }
`,
    ...options,
  )
  return { program, url: await readyAt(program) }
}

const at = ({ port }: RedisServer): string => `addr: 127.0.0.1:${port}`

describeWith(['redis-server'], 'a cache in Redis', () => {
  it('makes deletes visible at once to all nodes and their workers', async () => {
    await using redis = await startRedis(here.folder.path, { password: 'a password' })
    const options = `addrs: [127.0.0.1:${redis.port}], password: a password, db: 2`
    const [one, other] = [await startNode(options, '--workers', '2'), await startNode(options)]
    const paths = await pushDeletable(one, 60)
    expect(await staleAfterDelete([one.url, other.url], paths, 4)).toEqual([])
  })

  it('may be down while all but deletes go on, and comes back', async () => {
    await using redis = await startRedis(here.folder.path)
    const [one, other] = [await startNode(at(redis)), await startNode(at(redis))]
    const [path = '', ...paths] = await pushDeletable(one, 4)
    for (const { url } of [one, other]) expect(await freshStatus(`${url}${path}`)).toBe(200)
    await redis.kill()
    const later = `/v2/library/hello/blobs/${await pushBlob(one)}`
    expect((await putManifest(other, 'later', await newManifest(other))).status).toBe(201)
    for (const { url, program } of [one, other]) {
      for (const each of [path, ...paths, later]) expect(await freshStatus(`${url}${each}`)).toBe(200)
      await complained(program, /Redis: .*; until it answers no cache is used, and deletes are refused/)
      expect(await freshStatus(`${url}${path}`, 'DELETE')).toBe(503)
      expect(await freshStatus(`${url}${path}`)).toBe(200)
    }
    await using _again = await startRedis(here.folder.path, { port: redis.port })
    for (const { program } of [one, other]) await printed(program, /Redis: answers again/)
    expect(await staleAfterDelete([one.url, other.url], [path, ...paths, later], 2)).toEqual([])
  })

  it('may hang: pulls and pushes are slower once, and what is gone stays gone', async () => {
    await using redis = await startRedis(here.folder.path)
    const options = `${at(redis)}, readtimeout: 50ms, writetimeout: 50ms`
    const [one, other] = [await startNode(options), await startNode(options)]
    const paths = await pushDeletable(one, 6)
    const [gone = '', ...rest] = paths
    for (const { url } of [one, other]) for (const path of paths) expect(await freshStatus(`${url}${path}`)).toBe(200)
    process.kill(redis.pid, 'SIGSTOP')
    try {
      for (const { url } of [one, other]) for (const path of rest) expect(await freshStatus(`${url}${path}`)).toBe(200)
      await pushBlob(other, content())
      expect(await freshStatus(`${one.url}${gone}`, 'DELETE')).toBe(503)
    } finally {
      process.kill(redis.pid, 'SIGCONT')
    }
    for (const { program } of [one, other]) await printed(program, /Redis: answers again/)
    expect(await staleAfterDelete([one.url, other.url], paths, 2)).toEqual([])
  })

  it('need not be there at the start', async () => {
    const redis = await startRedis(here.folder.path)
    await redis.kill()
    const { program, url } = await startNode(at(redis))
    await complained(program, /Redis: connect ECONNREFUSED 127\.0\.0\.1:\d+; until it answers/)
    const [path = ''] = await pushDeletable({ url }, 1)
    expect(await freshStatus(`${url}${path}`)).toBe(200)
    await using _late = await startRedis(here.folder.path, { port: redis.port })
    await printed(program, /Redis: answers again/)
    expect(await staleAfterDelete([url], [path], 2)).toEqual([])
  })

  it('is told what a collection of garbage takes away', async () => {
    await using redis = await startRedis(here.folder.path)
    const node = await startNode(at(redis))
    const url = `${node.url}/v2/library/hello/blobs/${await pushBlob(node)}`
    expect([await freshStatus(url), await freshStatus(url)]).toEqual([200, 200])
    const collection = here.start('garbage-collect', '--config', 'config.yml', '--grace', '0', '--settle', '0')
    expect(await collection.ended).toBe(0)
    expect(await freshStatus(url, 'HEAD')).toBe(404)
  })

  it('is found by way of a Sentinel', async () => {
    await using redis = await startRedis(here.folder.path)
    await using sentinel = await startSentinel(here.folder.path, redis)
    const node = await startNode(`addrs: [127.0.0.1:${sentinel.port}], mastername: main`)
    expect(await staleAfterDelete([node.url], await pushDeletable(node, 3), 2)).toEqual([])
    expect(node.program.errors).toBe('')
  })

  it('is spoken to over TLS, with a certificate on both sides', async () => {
    const authority = certify({ name: 'an authority' })
    const write = async (name: string) => {
      const { cert, key } = certify({ name, issuer: authority, isAuthority: false })
      await here.folder.write(`${name}.pem`, cert)
      await here.folder.write(`${name}.key`, key)
      return { certificate: here.folder.file(`${name}.pem`), key: here.folder.file(`${name}.key`) }
    }
    await here.folder.write('ca.pem', authority.cert)
    const ca = here.folder.file('ca.pem')
    const server = await write('server')
    const { certificate, key } = await write('client')
    await using redis = await startRedis(here.folder.path, { tls: { ...server, ca } })
    const node = await startNode(`${at(redis)}, tls: { certificate: ${certificate}, key: ${key}, clientcas: [${ca}] }`)
    expect(await staleAfterDelete([node.url], await pushDeletable(node, 3), 2)).toEqual([])
    expect(node.program.errors).toBe('')
    const stranger = await startNode(`${at(redis)}, tls: { enabled: true }`)
    await complained(stranger.program, /Redis: .*certificate/i)
  })
})
