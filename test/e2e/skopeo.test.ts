import { execFile } from 'node:child_process'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type Image, debianImage } from './src/debian-image.ts'
import { describeWith } from './src/programs.ts'
import { type Stack, startStack } from './src/stack.ts'

const run = promisify(execFile)

describeWith(['skopeo', 'debootstrap'], 'skopeo pushes and pulls a Debian image', () => {
  let stack: Stack
  let image: Image

  beforeAll(async () => {
    stack = await startStack()
    image = await debianImage(stack.directory)
  })
  afterAll(async () => {
    await stack[Symbol.asyncDispose]()
  })

  it('pushes every byte to S3 and none through the edge', async () => {
    await skopeo(`oci:${image.directory}:latest`, `docker://${stack.authority}/debian/minbase:stable`)
    expect(stack.pulls).toEqual([])
    const stored = stack.cloud.s3.requests.records.reduce((sum, { bytesIn }) => sum + bytesIn, 0)
    const pushed = image.blobs.reduce((sum, { size }) => sum + size, 0)
    expect(pushed).toBeGreaterThan(150_000_000)
    expect(stored).toBeGreaterThanOrEqual(pushed)
    expect(stack.cloud.s3.bucket(stack.cloud.bucket).uploads()).toEqual([])
  })

  it('pulls every blob through the edge and none through the registry, and the digests are equal', async () => {
    const directory = join(stack.directory, 'pulled')
    stack.requests.length = 0
    await skopeo(`docker://${stack.authority}/debian/minbase:stable`, `oci:${directory}:latest`)

    const expected = image.blobs.map(({ digest }) => digest.slice('sha256:'.length))
    const pulled = await readdir(join(directory, 'blobs', 'sha256'))
    expect(pulled.toSorted()).toEqual([...expected, image.manifestDigest.slice('sha256:'.length)].toSorted())
    const index = JSON.parse(await readFile(join(directory, 'index.json'), 'utf8')) as {
      manifests: { digest: string }[]
    }
    expect(index.manifests.map(({ digest }) => digest)).toEqual([image.manifestDigest])

    const blobRequests = stack.requests.filter(({ method, url }) => method === 'GET' && url.includes('/blobs/'))
    expect(blobRequests.map(({ status, servedBy }) => ({ status, servedBy }))).toEqual(
      expected.map(() => ({ status: 307, servedBy: 'cloudfront' })),
    )
    const served = stack.pulls.map(({ key, bytes, result }) => ({ digest: key.split('/').at(-2), bytes, result }))
    const sorted = <T extends { digest: string | undefined }>(blobs: T[]): T[] =>
      blobs.toSorted((a, b) => String(a.digest).localeCompare(String(b.digest)))
    expect(sorted(served)).toEqual(
      sorted(image.blobs.map(({ digest, size }) => ({ digest: digest.slice(7), bytes: size, result: 'Miss' }))),
    )
  })

  it('pulls again from the cache of the edge', async () => {
    stack.pulls.length = 0
    await skopeo(`docker://${stack.authority}/debian/minbase:stable`, `oci:${join(stack.directory, 'again')}:latest`)
    expect(stack.pulls.map(({ result }) => result)).toEqual(image.blobs.map(() => 'Hit'))
  })
})

async function skopeo(from: string, to: string): Promise<void> {
  const insecure = ['--src-tls-verify=false', '--dest-tls-verify=false'].filter(flag =>
    (flag.startsWith('--src') ? from : to).startsWith('docker:'),
  )
  await run('skopeo', ['copy', '--insecure-policy', '--preserve-digests', ...insecure, from, to])
}
