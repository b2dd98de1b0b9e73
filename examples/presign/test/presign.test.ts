import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from '@jest/globals'

/** Built before the tests run. */
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))

async function run(args: string[], env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...args], { cwd: tmpdir(), env })
  return stdout
}

it('prints a URL that the edge serves', async () => {
  const [url = '', ...content] = (await run([])).split('\n')
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/hello\.txt\?Expires=\d+&Key-Pair-Id=\w+&Signature=[\w~-]+$/)
  expect(content.join('\n')).toBe('Hello from the edge!\n\n')
})

it('signs for the bucket and distribution that the environment names, without asking them', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const output = await run(['/releases/app.tar'], {
    BUCKET: 'releases',
    AWS_REGION: 'eu-central-1',
    CLOUDFRONT_URL: 'https://d111111abcdef8.cloudfront.net',
    CLOUDFRONT_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    CLOUDFRONT_KEY_PAIR_ID: 'K2JCJMDEHXQW5F',
  })
  const url = new URL(output.trim())
  expect(url.origin + url.pathname).toBe('https://d111111abcdef8.cloudfront.net/releases/app.tar')
  expect(url.searchParams.get('Key-Pair-Id')).toBe('K2JCJMDEHXQW5F')
  const secondsLeft = Number(url.searchParams.get('Expires')) - Date.now() / 1000
  expect(secondsLeft).toBeGreaterThan(0)
  expect(secondsLeft).toBeLessThanOrEqual(600)
})
