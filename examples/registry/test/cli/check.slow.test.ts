import { describe, expect, it } from '@jest/globals'
import { certify } from '@longshore/local-cloud'
import { workplace } from '../support/program.ts'

const here = workplace()

/** Every step of a start finds a mistake of its own. */
const wrong = `log:
  level: loud
storage:
  inmemory: { size: 5 }
  delete: { enabled: perhaps }
middleware:
  storage:
    - name: cloudfront
      options: { baseurl: https://e/, keypairid: K, privatekey: /absent.pem }
`
const wrongFiles = `http: { tls: { certificate: /absent-cert.pem, key: /absent-key.pem } }
auth: { htpasswd: { realm: r, path: /absent-htpasswd } }
storage: inmemory
middleware:
  storage:
    - name: cloudfront
      options: { baseurl: https://e/, keypairid: K, privatekey: /absent.pem }
`

const mistakes = [
  "config.yml:5: storage.delete.enabled: found 'perhaps'; accepted: ",
  "config.yml:2: log.level: found 'loud'; accepted: ",
  'config.yml:4: storage.inmemory.size: unknown option. ',
  'config.yml:9: middleware.storage[0].options.privatekey: ',
]
const fileMistakes = [
  'config.yml:2: auth.htpasswd.path: /absent-htpasswd: there is no such file',
  'config.yml:1: http.tls.certificate: /absent-cert.pem: there is no such file',
  'config.yml:7: middleware.storage[0].options.privatekey: ',
]

describe('check', () => {
  it.each([
    ['sections', wrong, mistakes],
    ['files', wrongFiles, fileMistakes],
  ])('tells every mistake at once, as a start does: %s', async (_what, content, expected) => {
    const file = await here.configure(content)
    const ways = [here.start('check', file), here.longshore('check', file), here.start('--config', file, '--port', '0')]
    for (const run of ways) {
      expect(await run.ended).toBe(1)
      const lines = run.errors.trimEnd().split('\n')
      expect(lines).toEqual(expected.map(line => expect.stringContaining(line)))
      expect(run.output).toBe('')
    }
  })

  it('is what the doctor says first', async () => {
    const run = here.longshore('doctor', await here.configure(wrong), '--json')
    expect(await run.ended).toBe(1)
    const { checks } = JSON.parse(run.output) as { checks: { findings: { problem: string; evidence: string }[] }[] }
    expect(checks).toHaveLength(1)
    const told = checks.flatMap(({ findings }) => findings.map(({ evidence }) => evidence))
    for (const mistake of mistakes) expect(told).toContainEqual(expect.stringContaining(mistake))
    expect(told).toHaveLength(mistakes.length)
  })

  it('reads what a start reads, warns, and starts nothing', async () => {
    const { cert, key } = certify({ name: 'the registry' })
    await here.folder.write('cert.pem', cert)
    await here.folder.write('key.pem', key)
    const run = here.start(
      'check',
      '--config',
      await here.configure(`http: { addr: ':1', tls: { certificate: cert.pem, key: key.pem } }
log: { reportcaller: true }
storage: { filesystem: { rootdirectory: files, maxthreads: 100 } }
`),
    )
    expect(await run.ended).toBe(0)
    expect(run.output).toBe('config.yml is valid\n')
    expect(run.errors.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^Warning: config\.yml:2: log\.reportcaller: has no effect; /),
      expect.stringMatching(/^Warning: config\.yml:3: storage\.filesystem\.maxthreads: has no effect; /),
    ])
  })

  it('wants a configuration', async () => {
    const run = here.start('check')
    expect(await run.ended).toBe(1)
    expect(run.errors).toContain('which configuration? accepted: --config <file>')
  })
})
