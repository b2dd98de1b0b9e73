import { createHash, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { getSignedUrl } from '@aws-sdk/cloudfront-signer'
import { cloudfront } from '@longshore/middleware-cloudfront'
import { describeWith } from './src/programs.ts'
import { type DockerRegistry, startDockerRegistry } from './src/docker-registry.ts'
import { pushBlob, pushImage } from './src/push.ts'
import { placeOn } from './src/registry-configuration.ts'
import { type Stack, startStack } from './src/stack.ts'

describeWith(['docker-registry'], 'one bucket under docker-registry and Longshore', () => {
  let stack: Stack
  let theirs: DockerRegistry

  beforeAll(async () => {
    stack = await startStack()
    const { cloud, directory, privateKey } = stack
    const keyFile = join(directory, 'docker-registry.pem')
    await writeFile(keyFile, privateKey, { mode: 0o600 })
    theirs = await startDockerRegistry(directory, placeOn(cloud, keyFile))
  })
  afterAll(async () => {
    await theirs[Symbol.asyncDispose]()
    await stack[Symbol.asyncDispose]()
  })

  it('signs what the Go registry and the AWS signer sign, byte for byte', async () => {
    const { cloud, privateKey } = stack
    const digest = await pushBlob(stack.authority, 'signed/blob', randomBytes(1000))
    const location = await redirectOf(theirs.authority, 'signed/blob', digest)
    const path = `/docker/registry/v2/blobs/sha256/${digest.slice(7, 9)}/${digest.slice(7)}/data`
    expect(location.pathname).toBe(path)

    const exact = cloudfront({
      baseUrl: cloud.edge.baseUrl,
      privateKey,
      keyPairId: cloud.keyPairId,
      duration: '20m',
      expiryWindow: '0',
    })(stack.storage)
    // Both count from the second of their own call: ask until they fall into the same one.
    let ours: URL
    let goes: URL
    do {
      goes = await redirectOf(theirs.authority, 'signed/blob', digest)
      ours = new URL((await exact.urlFor(path))?.url ?? '')
    } while (ours.searchParams.get('Expires') !== goes.searchParams.get('Expires'))
    expect(ours.searchParams.get('Signature')).toBe(goes.searchParams.get('Signature'))
    expect(Object.fromEntries(ours.searchParams)).toEqual(Object.fromEntries(goes.searchParams))

    const expires = Number(ours.searchParams.get('Expires')) * 1000
    const { keyPairId } = cloud
    expect(ours.href).toBe(
      getSignedUrl({
        url: ours.origin + ours.pathname,
        keyPairId,
        privateKey,
        dateLessThan: new Date(expires).toISOString(),
      }),
    )
    expect((await fetch(ours)).status).toBe(200)
  })

  it('reads what the other pushed, both ways', async () => {
    for (const [writer, reader] of [
      [stack.authority, theirs.authority],
      [theirs.authority, stack.authority],
    ] as const) {
      const image = await pushImage(writer, 'shared/image', 'v1')
      const manifest = await fetch(`http://${reader}/v2/shared/image/manifests/v1`, {
        headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
      })
      expect(manifest.headers.get('docker-content-digest')).toBe(image.manifestDigest)
      for (const { digest, bytes } of image.blobs) {
        const pulled = Buffer.from(
          await (await fetch(`http://${reader}/v2/shared/image/blobs/${digest}`)).arrayBuffer(),
        )
        expect(pulled.equals(bytes)).toBe(true)
        expect(`sha256:${createHash('sha256').update(pulled).digest('hex')}`).toBe(digest)
      }
    }
  })
})

async function redirectOf(authority: string, name: string, digest: string): Promise<URL> {
  const answer = await fetch(`http://${authority}/v2/${name}/blobs/${digest}`, { redirect: 'manual' })
  expect(answer.status).toBe(307)
  return new URL(answer.headers.get('location') ?? '')
}
