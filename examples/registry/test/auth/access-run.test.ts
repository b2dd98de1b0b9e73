import { describe, expect, it } from '@jest/globals'
import { certify } from '@longshore/local-cloud'
import { parseConfig } from '@longshore/middleware-core/config'
import bcrypt from 'bcrypt'
import { registrySettings } from '../../src/config/registry-settings.ts'
import { createLog } from '../../src/observability/create-log.ts'
import { type RunningRegistry, startRegistry } from '../../src/start-registry.ts'
import { readyLine } from '../../src/cli/banner.ts'
import { basic } from '../support/client.ts'
import { temporaryFolder } from '../support/folder.ts'

const folder = temporaryFolder()
const said: string[] = []
const log = {
  ...createLog({ level: 'error', formatter: 'text', fields: {}, accessLog: false }),
  info: (message: string) => void said.push(message),
  warn: () => {},
}

function run(sections: string, storage = 'inmemory'): Promise<RunningRegistry> {
  const config = parseConfig(`storage: ${storage}\n${sections}`)
  return startRegistry(config, registrySettings(config), { address: { port: 0 }, log })
}

describe('a configuration', () => {
  it('decides who comes in, what they may do and what answers look like', async () => {
    await folder.write('htpasswd', `ann:${await bcrypt.hash('secret', 4)}\n`)
    await using registry = await run(
      `
auth: { htpasswd: { realm: here, path: ${folder.file('htpasswd')} } }
http: { prefix: /my/, headers: { X-Content-Type-Options: [nosniff], Link-Extra: [a, b] } }
`,
      '{ inmemory: , maintenance: { readonly: { enabled: true } } }',
    )
    const url = `http://${registry.authority}/my/v2/`
    const refused = await fetch(url)
    expect(refused.status).toBe(401)
    expect(refused.headers.get('x-content-type-options')).toBe('nosniff')
    const headers = basic('ann', 'secret')
    const answer = await fetch(url, { headers })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('link-extra')).toBe('a, b')
    const upload = `${url}hello/blobs/uploads/`
    expect((await fetch(upload, { method: 'POST' })).status).toBe(401)
    expect(said).toEqual([])
    expect((await fetch(url, { headers: basic('ann', 'hunter2') })).status).toBe(401)
    expect((await fetch(url, { headers: basic('hunter2', 'secret') })).status).toBe(401)
    expect(said).toEqual([expect.stringMatching(/^refused a client: (?!.*hunter2).*password/)])
    expect((await fetch(upload, { method: 'POST', headers })).status).toBe(405)
  })

  it('that names a file which is not there frees what it had', async () => {
    const auth = `auth: { htpasswd: { realm: here, path: ${folder.file('htpasswd')} } }`
    await expect(run(auth)).rejects.toThrow('auth.htpasswd.path: ')
    await folder.write('htpasswd', '')
    await expect(run(`${auth}\nhttp: { tls: { certificate: /none, key: /none } }`)).rejects.toThrow('http.tls.')
  })

  it('makes it HTTPS', async () => {
    const { cert, key } = certify({ name: 'the registry' })
    await folder.write('cert.pem', cert)
    await folder.write('key.pem', key)
    const tls = `{ certificate: ${folder.file('cert.pem')}, key: ${folder.file('key.pem')} }`
    await using registry = await run(`http: { addr: "localhost:0", tls: ${tls} }`)
    await expect(fetch(`http://${registry.authority}/v2/`)).rejects.toThrow('fetch failed')
  })
})

describe('the line that says that a registry is ready', () => {
  it('says where, and nothing about a demo', () => {
    const started = { authority: 'localhost:5000', operations: undefined }
    expect(readyLine(started)).toBe('Ready: registry at http://localhost:5000/v2/')
    expect(readyLine({ ...started, tls: {} })).toBe('Ready: registry at https://localhost:5000/v2/')
    const operations = {
      health: 'http://h/healthz',
      metrics: 'http://h/metrics',
      [Symbol.asyncDispose]: async () => {},
    }
    expect(readyLine({ authority: 'unix:/run/r.sock', operations })).toBe(
      'Ready: registry at unix:/run/r.sock (http), health at http://h/healthz, metrics at http://h/metrics',
    )
  })
})
