import { once } from 'node:events'
import { access, readFile, readdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { always, startLocalCloud } from '@longshore/local-cloud'
import { describe, expect, it } from '@jest/globals'
import { content, pushBlob } from '../support/client.ts'
import { cloudConfig } from '../support/cloud.ts'
import { complained, printed, readyAt, workplace } from '../support/program.ts'

const here = workplace()

const isReady = /http:\/\/(127\.0\.0\.1:\d+)\/v2\//

describe('without a configuration', () => {
  it('brings up a cloud and a registry, says what is where, and leaves nothing behind', async () => {
    const run = here.start('--port', '0', '--verbose')
    const [, authority] = await printed(run, isReady)
    const url = `http://${authority}`
    const [, configFile = ''] = /Configuration +(\S+)/.exec(run.output) ?? []
    expect(await readFile(configFile, 'utf8')).toMatch(/storage:\n {2}s3:/)
    for (const command of ['skopeo copy', 'docker push', 'oras push', 'curl --location']) {
      expect(run.output).toMatch(new RegExp(`${command}.* \\S*${authority}/`))
    }

    const bytes = content(100_000)
    const digest = await pushBlob({ url }, bytes)
    for (const result of ['Miss', 'Hit']) {
      const pulled = await fetch(`${url}/v2/library/hello/blobs/${digest}`)
      expect(Buffer.from(await pulled.arrayBuffer()).equals(bytes)).toBe(true)
      expect(pulled.headers.get('x-cache')).toBe(`${result} from cloudfront`)
      expect(pulled.headers.get('docker-content-digest')).toBe(digest)
      await printed(run, new RegExp(`registry  GET .*307 → cloudfront[^]*edge .*200 ${result}`))
    }
    expect(run.output).toMatch(/registry {2}PUT .* 201 {2}100\.0 kB in/)
    expect(run.output).toMatch(/s3 {8}PutObject/)

    run.child.kill('SIGINT')
    expect(await run.ended).toBe(0)
    expect(run.output).toMatch(/Stopped after 4 requests; at the edge 1 hits and 1 misses\.\n$/)
    expect(run.errors).toBe('')
    expect(await readdir(here.folder.path)).toEqual([])
    await expect(fetch(`${url}/v2/`)).rejects.toThrow('fetch failed')
  })

  it('ends cleanly on SIGTERM while a client is connected', async () => {
    const run = here.start('--port', '0')
    const [, authority] = await printed(run, isReady)
    await (await fetch(`http://${authority}/v2/`)).text()
    run.child.kill('SIGTERM')
    expect(await run.ended).toBe(0)
    expect(await readdir(here.folder.path)).toEqual([])
  })

  it('says in one line that a port is in use, and leaves nothing behind', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const run = here.start('--port', String(port))
    expect(await run.ended).toBe(1)
    expect(run.errors).toBe(`Cannot listen on 127.0.0.1:${port}: the port is in use; choose another one with --port\n`)
    expect(await readdir(here.folder.path)).toEqual([])
    server.close()
  })

  it('says what it can do', async () => {
    const run = here.start('--help')
    expect(await run.ended).toBe(0)
    for (const option of ['--config <file>', '--port <number>', '--host <host>', '--workers <number>', '--verbose']) {
      expect(run.output).toContain(option)
    }
  })

  it('refuses a port that is none', async () => {
    const run = here.start('--port', 'http')
    expect(await run.ended).toBe(1)
    expect(run.errors).toContain('accepted: a number from 0 (any free port) to 65535')
  })
})

describe('with a configuration', () => {
  it('runs what it describes, and nothing else', async () => {
    const run = await here.startWith('version: 0.1\nhttp:\n  addr: 127.0.0.1:0\nstorage: inmemory\n')
    const [, authority] = await printed(run, isReady)
    const digest = await pushBlob({ url: `http://${authority}` })
    await (await fetch(`http://${authority}/v2/library/hello/blobs/${digest}`)).arrayBuffer()
    await printed(run, /GET .*200 → inline/)
    expect(run.output).toMatch(new RegExp(`^Ready: registry at http://${authority}/v2/\\n\\d\\d:`))
    expect(await readdir(here.folder.path)).toEqual(['config.yml'])
    run.child.kill('SIGINT')
    expect(await run.ended).toBe(0)
  })

  it('says what is wrong with it, and where, without a stack trace', async () => {
    const run = await here.startWith('http:\n  addr: nowhere\nstorage: inmemory\n')
    expect(await run.ended).toBe(1)
    expect(run.errors).toMatch(/^config\.yml:2: http\.addr: found 'nowhere'; accepted: .*\n$/)
  })

  it('says that its storage cannot be used, and why, and starts all the same', async () => {
    await using cloud = await startLocalCloud()
    const heal = cloud.s3.faults.add(always({ kind: 'error', status: 403, code: 'InvalidAccessKeyId' }))
    const program = await here.startWith(cloudConfig(cloud))
    await complained(program, /^Warning: the storage cannot be used, and requests .* until it can: .*403.*\n$/)
    const url = await readyAt(program)
    heal()
    await pushBlob({ url })
  })

  it('says that it is not there', async () => {
    const run = here.start('--config', 'absent.yml')
    expect(await run.ended).toBe(1)
    expect(run.errors).toBe('absent.yml: there is no such file\n')
  })

  it('frees its storage when it cannot listen', async () => {
    const file = await here.configure('storage: inmemory\n')
    const run = here.start('--config', file, '--host', '192.0.2.1', '--port', '0')
    expect(await run.ended).toBe(1)
    expect(run.errors).toBe(
      'Cannot listen on 192.0.2.1:0: this machine has no such address; choose another one with --host\n',
    )
    await expect(access(here.folder.file('config.yml'))).resolves.toBeUndefined()
  })
})
