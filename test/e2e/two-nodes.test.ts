import { createHash, randomBytes, randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { startLocalCloud } from '@longshore/local-cloud'
import { startCeph } from './src/ceph.ts'
import { describeWith } from './src/programs.ts'
import { continueBlob, pullBlob, pushBlob } from './src/push.ts'
import { type Place, placeOn, storageSections } from './src/registry-configuration.ts'
import { type RegistryNode, startRegistryNode } from './src/registry-node.ts'

const limit = 900_000
const tasks = 200
/** Tasks at a time. */
const together = 16
const repository = 'two/nodes'
/** Within a part, and of several. */
const sizes = [3000, 200_000, 12_000_000]

const title = `${tasks} pushes and pulls go on when one of two nodes is killed half-way`

describe('two nodes on the local cloud', () => {
  it(
    title,
    async () => {
      await using cloud = await startLocalCloud()
      await expectToGoOn(placeOn(cloud))
    },
    limit,
  )
})

describeWith(['radosgw'], 'two nodes on Ceph', () => {
  it(
    title,
    async () => {
      await using ceph = await startCeph()
      await ceph.createBucket('two-nodes')
      const bucket = { region: 'us-east-1', bucket: 'two-nodes' }
      await expectToGoOn({ ...bucket, endpoint: ceph.endpoint, credentials: ceph.owner })
    },
    limit,
  )
})

async function expectToGoOn(place: Place): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'longshore-nodes-'))
  try {
    // The smallest parts there are, so that large blobs have several.
    const configuration = storageSections(place).replace('  s3:\n', '  s3:\n    chunksize: 5242880\n')
    await using doomed = await startRegistryNode(directory, configuration)
    await using other = await startRegistryNode(directory, configuration)
    const load = new Load(doomed, other)
    await load.run()
    expect(load.interruptedPushes).toBeGreaterThan(0)
    expect(load.acknowledged.length).toBeGreaterThan(tasks / 3)
    for (const digest of load.acknowledged) expect(await pullBlob(other.authority, repository, digest)).toBe(digest)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Pushes and pulls on two nodes, the first of which is killed when half of them are done. */
class Load {
  /** Digests of what was pushed, as the registry said. */
  readonly acknowledged: string[] = []
  interruptedPushes = 0
  readonly #doomed: RegistryNode
  readonly #other: RegistryNode
  #started = 0
  #done = 0
  #pushingToDoomed = 0
  #isDead = false

  constructor(doomed: RegistryNode, other: RegistryNode) {
    this.#doomed = doomed
    this.#other = other
  }

  async run(): Promise<void> {
    const worker = async (): Promise<void> => {
      while (this.#started < tasks) {
        const number = this.#started++
        await (number % 3 === 2 && this.acknowledged.length > 0 ? this.#pull() : this.#push(number))
        this.#done += 1
        // Somebody has to be in the middle of something there.
        if (this.#done >= tasks / 2 && this.#pushingToDoomed > 0) this.#kill()
      }
    }
    await Promise.all(Array.from({ length: together }, worker))
  }

  #kill(): void {
    if (this.#isDead) return
    this.#isDead = true
    void this.#doomed.kill()
  }

  async #pull(): Promise<void> {
    const digest = this.acknowledged[randomInt(this.acknowledged.length)] ?? ''
    const node = this.#isDead || randomInt(2) === 0 ? this.#other : this.#doomed
    const pulled = pullBlob(node.authority, repository, digest)
    const elsewhere = (): Promise<string> => pullBlob(this.#other.authority, repository, digest)
    expect(await (node === this.#doomed ? pulled.catch(elsewhere) : pulled)).toBe(digest)
  }

  async #push(number: number): Promise<void> {
    const bytes = randomBytes(sizes[number % sizes.length] ?? 0)
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    const cuts = number % 2 === 0 ? [] : [Math.floor(bytes.length / 3), Math.floor(bytes.length / 2)]
    if (this.#isDead || randomInt(2) === 0) {
      await pushBlob(this.#other.authority, repository, bytes, cuts)
    } else {
      await this.#pushToDoomed(number, bytes, cuts)
    }
    this.acknowledged.push(digest)
  }

  /** A push that was cut off goes on at once on the other node: from where that says, or, every other time, anew. */
  async #pushToDoomed(number: number, bytes: Uint8Array, cuts: readonly number[]): Promise<void> {
    let location: string | undefined
    this.#pushingToDoomed += 1
    try {
      const onProgress = (where: string): void => void (location = where)
      await pushBlob(this.#doomed.authority, repository, bytes, cuts, { onProgress })
    } catch (error) {
      if (!this.#isDead) throw error
      this.interruptedPushes += 1
      const authority = this.#other.authority
      const isContinued = number % 4 < 2 && location !== undefined && (await continueBlob(authority, location, bytes))
      if (!isContinued) await pushBlob(authority, repository, bytes, cuts)
    } finally {
      this.#pushingToDoomed -= 1
    }
  }
}
