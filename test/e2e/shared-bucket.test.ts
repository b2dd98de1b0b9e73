import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { type Ceph, startCeph } from './src/ceph.ts'
import { type DockerRegistry, startDockerRegistry } from './src/docker-registry.ts'
import { multiArchImage } from './src/multi-arch-image.ts'
import { describeWith } from './src/programs.ts'
import { type PushedImage, pullBlob, pushBlob, pushImage } from './src/push.ts'
import { type Place, storageSections } from './src/registry-configuration.ts'
import { type RegistryNode, collectGarbage, startRegistryNode } from './src/registry-node.ts'

const run = promisify(execFile)
const limit = 900_000

describeWith(
  ['radosgw', 'docker-registry', 'skopeo'],
  'one bucket on Ceph, two of our nodes and docker-registry',
  () => {
    let ceph: Ceph
    let directory: string
    let place: Place
    let nodes: [RegistryNode, RegistryNode]
    let theirs: DockerRegistry

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'longshore-shared-'))
      ceph = await startCeph()
    }, limit)
    afterAll(async () => {
      await ceph[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    })

    /** Each in a bucket of its own, so that a collection of garbage meets nothing but what its test pushed. */
    function onBucket(bucket: string): void {
      beforeAll(async () => {
        await ceph.createBucket(bucket)
        place = { endpoint: ceph.endpoint, region: 'us-east-1', bucket, credentials: ceph.owner }
        theirs = await startDockerRegistry(directory, place)
        const node = (): Promise<RegistryNode> => startRegistryNode(directory, storageSections(place))
        nodes = [await node(), await node()]
      }, limit)
      afterAll(async () => {
        for (const registry of [...nodes, theirs]) await registry[Symbol.asyncDispose]()
      })
    }

    describe('what one pushes', () => {
      onBucket('shared')

      it(
        'skopeo pulls from each, whichever it pushed to',
        async () => {
          const image = await multiArchImage(directory)
          const [ours] = nodes
          for (const [index, [from, to]] of [
            [ours, theirs],
            [theirs, ours],
          ].entries()) {
            const name = `shared/multi-${index}:latest`
            const copy = join(directory, `copy-${index}`)
            const plain = ['--src-tls-verify=false', '--dest-tls-verify=false']
            const skopeo = ['--insecure-policy', 'copy', '--all', '--preserve-digests', ...plain]
            await run('skopeo', [...skopeo, `oci:${image.directory}:latest`, `docker://${from?.authority}/${name}`])
            await run('skopeo', [...skopeo, `docker://${to?.authority}/${name}`, `oci:${copy}:latest`])
            expect(await readFile(join(copy, 'index.json'), 'utf8')).toContain(image.digest)
          }
        },
        limit,
      )

      it(
        'the others see at once: tags too, that were moved',
        async () => {
          const registries = [...nodes, theirs]
          for (const [index, writer] of [...registries, ...registries].entries()) {
            const { manifestDigest } = await pushImage(writer.authority, 'shared/moved', 'latest')
            for (const reader of registries) {
              expect([index, await digestOf(reader.authority, 'shared/moved', 'latest')]).toEqual([
                index,
                manifestDigest,
              ])
            }
          }
        },
        limit,
      )

      it(
        'one node finishes when another began it',
        async () => {
          const bytes = randomBytes(30_000_000)
          const digest = await pushBlob(nodes[0].authority, 'shared/handed-over', bytes, [12_000_000, 20_000_000], {
            other: nodes[1].authority,
          })
          for (const { authority } of [...nodes, theirs]) {
            expect(await pullBlob(authority, 'shared/handed-over', digest)).toBe(digest)
          }
        },
        limit,
      )
    })

    describe.each([
      ['docker-registry collects', 'collected-by-them', () => theirs.collectGarbage('--delete-untagged')],
      [
        'Longshore collects',
        'collected-by-us',
        () => collectGarbage(directory, storageSections(place), '--delete-untagged', '--grace', '0s', '--settle', '0s'),
      ],
    ])('after %s garbage', (_, bucket, collect) => {
      onBucket(bucket)
      let kept: [name: string, image: PushedImage][]
      let lost: PushedImage

      beforeEach(async () => {
        kept = []
        for (const [index, { authority }] of [nodes[0], theirs].entries()) {
          const name = `garbage/${index}`
          lost = await pushImage(authority, name, 'latest')
          kept.push(
            [name, await pushImage(authority, name, 'latest')],
            [name, await pushImage(authority, name, 'stable')],
          )
        }
        await collect()
      }, limit)

      it(
        'every tagged image is whole, on every registry, and what nobody names is gone',
        async () => {
          // Those that ran meanwhile may remember what is gone.
          await using fresh = await startRegistryNode(directory, storageSections(place))
          for (const { authority } of [...nodes, theirs, fresh]) {
            for (const [name, image] of kept) {
              expect(await digestOf(authority, name, image.manifestDigest)).toBe(image.manifestDigest)
              for (const { digest } of image.blobs) expect(await pullBlob(authority, name, digest)).toBe(digest)
            }
          }
          expect((await fetch(manifestUrl(fresh.authority, 'garbage/1', lost.manifestDigest))).status).toBe(404)
          for (const { digest } of lost.blobs) {
            const answer = await fetch(`http://${fresh.authority}/v2/garbage/1/blobs/${digest}`)
            expect([digest, answer.status]).toEqual([digest, 404])
          }
        },
        limit,
      )
    })
  },
)

function manifestUrl(authority: string, name: string, reference: string): string {
  return `http://${authority}/v2/${name}/manifests/${reference}`
}

async function digestOf(authority: string, name: string, reference: string): Promise<string | null> {
  const headers = { accept: 'application/vnd.oci.image.manifest.v1+json' }
  return (await fetch(manifestUrl(authority, name, reference), { headers })).headers.get('docker-content-digest')
}
