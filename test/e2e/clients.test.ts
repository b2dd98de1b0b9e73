import { execFile } from 'node:child_process'
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import bcrypt from 'bcrypt'
import { type EdgeRecord, type LocalCloud, startLocalCloud } from '@longshore/local-cloud'
import { viewerFunctions } from './src/edge-function.ts'
import { type MultiArchImage, multiArchImage } from './src/multi-arch-image.ts'
import { describeWith } from './src/programs.ts'
import { placeOn, storageSections } from './src/registry-configuration.ts'
import { type RegistryNode, startRegistryNode } from './src/registry-node.ts'

const run = promisify(execFile)
const limit = 900_000

const user = 'pusher'
const password = 'correct horse'

/** What an image index tells of its images. */
interface Index {
  readonly manifests: readonly { digest: string; platform: { architecture: string } }[]
}

describeWith(['skopeo', 'podman', 'buildah', 'openssl'], 'real clients, over TLS and with a password', () => {
  const pulls: EdgeRecord[] = []
  let directory: string
  let cloud: LocalCloud
  let registry: RegistryNode
  let image: MultiArchImage

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'longshore-clients-'))
    cloud = await startLocalCloud({ edge: { viewerFunctions, onRequest: record => pulls.push(record) } })
    registry = await startRegistryNode(directory, await configuration())
    image = await multiArchImage(directory)
  }, limit)
  afterAll(async () => {
    await registry[Symbol.asyncDispose]()
    await cloud.close()
    await rm(directory, { recursive: true, force: true })
  })

  async function configuration(): Promise<string> {
    const [certificate, key] = [join(directory, 'certificates', 'ca.crt'), join(directory, 'tls.key')]
    await mkdir(join(directory, 'certificates'))
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    await run('openssl', ['req', '-x509', '-days', '1', ...curve, ...subject, '-keyout', key, '-out', certificate])
    const [passwords, keyFile] = [join(directory, 'htpasswd'), join(directory, 'cloudfront.pem')]
    await writeFile(passwords, `${user}:${await bcrypt.hash(password, 5)}\n`)
    await writeFile(keyFile, cloud.privateKey, { mode: 0o600 })
    return `${storageSections(placeOn(cloud, keyFile))}
http:
  addr: 127.0.0.1:0
  tls: { certificate: ${certificate}, key: ${key} }
auth:
  htpasswd: { realm: longshore, path: ${passwords} }
`
  }

  const reference = (tag: string): string => `docker://${registry.authority}/library/multi:${tag}`
  const certificates = (): string[] => ['--cert-dir', join(directory, 'certificates')]
  const credentials = (): string[] => ['--creds', `${user}:${password}`, ...certificates()]

  async function skopeo(...args: string[]): Promise<string> {
    return (await run('skopeo', ['--insecure-policy', ...args])).stdout
  }

  /** podman or buildah, with images in a folder of its own. */
  async function storing(program: 'podman' | 'buildah', ...args: string[]): Promise<string> {
    const store = join(directory, program)
    const places = ['--root', join(store, 'root'), '--runroot', join(store, 'run'), '--storage-driver', 'vfs']
    return (await run(program, [...places, ...args])).stdout.trim()
  }

  async function indexOf(tag: string): Promise<Index> {
    return JSON.parse(await skopeo('inspect', '--raw', ...credentials(), reference(tag))) as Index
  }

  it(
    'skopeo pushes an image for two architectures and pulls the same',
    async () => {
      const auth = ['--dest-creds', `${user}:${password}`, '--dest-cert-dir', join(directory, 'certificates')]
      await skopeo('copy', '--all', '--preserve-digests', ...auth, `oci:${image.directory}:latest`, reference('skopeo'))
      expect(pulls).toEqual([])
      expect((await indexOf('skopeo')).manifests.map(({ platform }) => platform.architecture)).toEqual(
        image.architectures,
      )

      const copy = join(directory, 'pulled')
      const from = auth.map(flag => flag.replace('--dest', '--src'))
      await skopeo('copy', '--all', '--preserve-digests', ...from, reference('skopeo'), `oci:${copy}:latest`)
      const { manifests } = JSON.parse(await readFile(join(copy, 'index.json'), 'utf8')) as Index
      expect(manifests.map(({ digest }) => digest)).toEqual([image.digest])
      // Two configurations, two layers, and one that both images have.
      expect(new Set(pulls.map(({ key, status }) => `${status} ${key}`)).size).toBe(5)
    },
    limit,
  )

  it.each(['podman', 'buildah'] as const)(
    '%s pulls each of its images, and pushes them under a tag of its own',
    async program => {
      for (const architecture of image.architectures) {
        await storing(program, 'pull', '--arch', architecture, ...credentials(), reference('skopeo'))
        const format = program === 'podman' ? '{{.Architecture}}' : '{{.OCIv1.Architecture}}'
        const kind = program === 'podman' ? ['image', 'inspect'] : ['inspect', '--type', 'image']
        const local = `${registry.authority}/library/multi:skopeo`
        expect(await storing(program, ...kind, '--format', format, local)).toBe(architecture)
      }
      const list = `localhost/${program}`
      await storing(program, 'manifest', 'create', list)
      await storing(program, 'manifest', 'add', '--all', ...credentials(), list, reference('skopeo'))
      await storing(program, 'manifest', 'push', '--all', ...credentials(), list, reference(program))
      const [theirs, ours] = [await indexOf(program), await indexOf('skopeo')]
      expect(theirs.manifests.map(({ digest }) => digest)).toEqual(ours.manifests.map(({ digest }) => digest))
    },
    limit,
  )

  it(
    'buildah pushes an image that it built, and podman finds its file',
    async () => {
      const file = join(directory, 'hello')
      await writeFile(file, 'hello from the edge')
      const container = await storing('buildah', 'from', 'scratch')
      await storing('buildah', 'copy', container, file, '/hello')
      await storing('buildah', 'commit', container, 'localhost/built')
      await storing('buildah', 'push', ...credentials(), 'localhost/built', reference('built'))
      const pulled = await storing('podman', 'pull', '--quiet', ...credentials(), reference('built'))
      const mounted = await storing('podman', 'image', 'mount', pulled)
      expect(await readFile(join(mounted, 'hello'), 'utf8')).toBe('hello from the edge')
      await storing('podman', 'image', 'unmount', pulled)
    },
    limit,
  )

  describe('without the right password', () => {
    it.each([
      ['skopeo', (flags: string[]) => skopeo('inspect', '--raw', ...flags, reference('skopeo'))],
      ['podman', (flags: string[]) => storing('podman', 'pull', ...flags, reference('skopeo'))],
      ['buildah', (flags: string[]) => storing('buildah', 'pull', '--policy', 'always', ...flags, reference('skopeo'))],
    ])(
      '%s is refused',
      async (_, pull) => {
        pulls.length = 0
        for (const given of [[], ['--creds', `${user}:wrong`], ['--creds', `nobody:${password}`]]) {
          await expect(pull([...given, ...certificates()])).rejects.toThrow(/unauthorized|authentication required/)
        }
        expect(pulls).toEqual([])
      },
      limit,
    )
  })
})
