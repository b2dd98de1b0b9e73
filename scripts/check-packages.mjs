/**
 * Checks what would be published of each public package: that its entry points and files fit together (publint), and that
 * its types resolve for those who import it (attw). Run by `npm run check`, after the build.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

let problems = 0
for (const name of readdirSync('packages')) {
  const pkgDir = `packages/${name}`
  const manifest = JSON.parse(readFileSync(`${pkgDir}/package.json`, 'utf8'))
  const { messages, pkg } = await publint({ pkgDir, strict: true })
  for (const message of messages) console.log(`${name}: ${formatMessage(message, pkg)}`)
  problems += messages.length
  try {
    execFileSync('npx', ['attw', '--pack', pkgDir, '--profile', 'esm-only', '--quiet'], {
      encoding: 'utf8',
      stdio: 'pipe',
    })
  } catch (error) {
    console.log(`${name}: ${error.stdout}${error.stderr}`)
    problems += 1
  }
  console.log(`${manifest.name}: packed and checked`)
}
process.exitCode = problems === 0 ? 0 : 1
