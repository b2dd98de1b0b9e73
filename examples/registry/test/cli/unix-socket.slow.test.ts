import { once } from 'node:events'
import { access, readFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from '@jest/globals'
import { printed, workplace } from '../support/program.ts'

const here = workplace()

const configFor = (socket: string, more = ''): string =>
  `http: { net: unix, addr: ${socket}${more} }\nstorage: inmemory\n`

async function get(socketPath: string, path = '/v2/', method = 'GET'): Promise<[number | undefined, string]> {
  const sent = request({ socketPath, path, method, agent: false }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return [response.statusCode, await text(response)]
}

describe('http.net: unix', () => {
  it('serves clients on a socket, and removes it at the end', async () => {
    const socket = here.folder.file('registry.sock')
    const run = await here.startWith(configFor(socket))
    await printed(run, new RegExp(`Ready: registry at unix:${socket} \\(http\\)\n`))
    expect(await get(socket)).toEqual([200, '{}'])
    expect((await get(socket, '/v2/a/blobs/uploads/', 'POST'))[0]).toBe(202)
    await printed(run, /POST .* 202/)
    run.child.kill('SIGTERM')
    expect(await run.ended).toBe(0)
    expect(run.errors).toBe('')
    await expect(access(socket)).rejects.toThrow('ENOENT')
  })

  it('takes the place of one that was killed, and of no other', async () => {
    const socket = here.folder.file('registry.sock')
    const killed = await here.startWith(configFor(socket))
    await printed(killed, /Ready/)
    const second = await here.startWith(configFor(socket))
    expect(await second.ended).toBe(1)
    expect(second.errors).toBe(`Cannot listen on unix:${socket}: another process listens there\n`)
    expect(await get(socket)).toEqual([200, '{}'])
    killed.child.kill('SIGKILL')
    await killed.ended
    await access(socket)
    await printed(await here.startWith(configFor(socket)), /Ready/)
    expect(await get(socket)).toEqual([200, '{}'])
  })

  it('leaves a file alone that is no socket', async () => {
    const file = await here.folder.write('precious', 'content')
    const run = await here.startWith(configFor(file))
    expect(await run.ended).toBe(1)
    expect(run.errors).toBe(`Cannot listen on unix:${file}: there is a file, and it is no socket\n`)
    expect(await readFile(file, 'utf8')).toBe('content')
  })

  it('says that a folder is not there, and that a socket has no port', async () => {
    const absent = here.folder.file('absent/registry.sock')
    const run = await here.startWith(configFor(absent))
    expect(await run.ended).toBe(1)
    expect(run.errors).toMatch(`Cannot listen on unix:${absent}: nothing can be made in that folder`)
    const withPort = await here.startWith(configFor(here.folder.file('s')), '--port', '5000')
    expect(await withPort.ended).toBe(1)
    expect(withPort.errors).toMatch(/^--port: the registry listens on the socket .*, which has none\n$/)
  })

  it('is shared by workers', async () => {
    const socket = here.folder.file('registry.sock')
    const config = `http: { net: unix, addr: ${socket} }\nstorage: { filesystem: { rootdirectory: ${here.folder.file('files')} } }\n`
    const killed = await here.startWith(config, '--workers', '2')
    await printed(killed, /Ready/)
    for (let count = 0; count < 5; count += 1) expect(await get(socket)).toEqual([200, '{}'])
    killed.child.kill('SIGTERM')
    expect(await killed.ended).toBe(0)
    await expect(access(socket)).rejects.toThrow('ENOENT')
  })
})
