/**
 * Draws docs/doctor.svg from a real run: `longshore doctor` finds a fault, its remedy is followed, and all is well. The bucket and the
 * distribution are those of the local cloud. Run after a build.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRightCloud } from '../test/e2e/dist/doctor.js'
import { runLongshore } from '../test/e2e/dist/longshore.js'

const LINE = 18
const CHARACTER = 7.25
const MARGIN = 20

const cloud = await startRightCloud({ edge: { originPath: '/registry' } })
const directory = mkdtempSync(join(tmpdir(), 'longshore-picture-'))
try {
  writeFileSync(join(directory, 'cloudfront.pem'), cloud.privateKey, { mode: 0o600 })
  const file = join(directory, 'config.yml')
  const config = configFor(cloud)
  writeFileSync(file, config)
  const failing = await doctor(directory)
  writeFileSync(file, `${config}        originpath: /registry\n`)
  const well = await doctor(directory)
  const remedy = ['$ echo "        originpath: /registry" >> config.yml', '']
  writeFileSync('docs/doctor.svg', draw([...failing, '', ...remedy, ...well]))
} finally {
  rmSync(directory, { recursive: true })
  await cloud.close()
}

function configFor({ s3, edge, bucket, region, credentials, keyPairId }) {
  return `version: 0.1
storage:
  s3:
    bucket: ${bucket}
    region: ${region}
    regionendpoint: ${s3.endpoint}
    accesskey: ${credentials.accessKeyId}
    secretkey: ${credentials.secretAccessKey}
    rootdirectory: registry
middleware:
  storage:
    - name: cloudfront
      options:
        baseurl: ${edge.baseUrl}
        keypairid: ${keyPairId}
        privatekey: cloudfront.pem
`
}

async function doctor(cwd) {
  const args = ['doctor', 'config.yml', '--only', 'storage,cloudfront']
  const { out } = await runLongshore(args, { cwd })
  return [`$ longshore ${args.join(' ')}`, ...out.trimEnd().split('\n')]
}

function draw(lines) {
  const columns = Math.max(...lines.map(line => line.length))
  const width = Math.ceil(columns * CHARACTER + 2 * MARGIN)
  const height = lines.length * LINE + 2 * MARGIN
  const rows = lines.map((line, index) => {
    const y = MARGIN + (index + 0.75) * LINE
    return line === '' ? '' : `  <text x="${MARGIN}" y="${y}">${coloured(line)}</text>`
  })
  const title =
    'longshore doctor names an Origin Path that the configuration does not know, says what to do, and is content afterwards'
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">
  <title id="title">${title}</title>
  <style>
    rect { fill: #f8fafc; stroke: #cbd5e1 } text { fill: #0f172a; font: 12px ui-monospace, Menlo, Consolas, monospace; white-space: pre }
    .ok { fill: #15803d } .warning { fill: #b45309 } .failed { fill: #b91c1c; font-weight: bold } .skipped, .label { fill: #64748b }
    .command { font-weight: bold }
    @media (prefers-color-scheme: dark) {
      rect { fill: #0f172a; stroke: #334155 } text { fill: #e2e8f0 } .ok { fill: #4ade80 } .warning { fill: #fbbf24 }
      .failed { fill: #f87171 } .skipped, .label { fill: #94a3b8 }
    }
  </style>
  <rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${rows.filter(Boolean).join('\n')}
</svg>
`
}

function coloured(line) {
  const [, status, rest] = /^(ok|warning|failed|skipped)( .*)$/.exec(line) ?? []
  if (status) return `<tspan class="${status}">${status}</tspan>${escaped(rest)}`
  const [, label, words] = /^( +(?:cause|evidence|remedy))( .*)$/.exec(line) ?? []
  if (label) return `<tspan class="label">${label}</tspan>${escaped(words)}`
  return line.startsWith('$ ') ? `<tspan class="command">${escaped(line)}</tspan>` : escaped(line)
}

function escaped(words) {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
