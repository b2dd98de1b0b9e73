/**
 * Builds the site into `dist/`. `--serve` shows it on 127.0.0.1 afterwards, until Ctrl-C. Pages are collected in `.pages/` first,
 * as VitePress wants them in one folder; the Markdown is used as it is, and `.vitepress/config.mjs` turns its links.
 */
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { preview } from 'vite'
import { build } from 'vitepress'
import { pages, repository } from './pages.mjs'

const root = import.meta.dirname
const collected = join(root, '.pages')

rmSync(collected, { recursive: true, force: true })
cpSync(join(repository, 'docs'), collected, { recursive: true })
for (const [source, page] of pages) {
  mkdirSync(dirname(join(collected, page)), { recursive: true })
  cpSync(join(repository, source), join(collected, page))
}
await build(root)
if (process.argv.includes('--serve')) {
  // VitePress's own server would listen on every address.
  const server = await preview({ root, configFile: false, appType: 'mpa', preview: { host: '127.0.0.1', port: 4173 } })
  server.printUrls()
}
