import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Ceph, startCeph } from '@longshore/e2e/ceph'
import { lazily } from './lazily.ts'
import { Scope } from './scope.ts'

/** Bytes that Ceph can store: eight blobs of 1 GiB, and once more while they are copied to their places. */
const cephCapacity = 18 * 2 ** 30

/** What outlives a figure. */
export class Session implements AsyncDisposable {
  readonly #scope = new Scope()

  /** The Ceph that all figures share, started when the first one asks for it. */
  readonly ceph = lazily((): Promise<Ceph> => this.#scope.start(() => startCeph({ capacity: cephCapacity })))

  /** The file of the private key with which all registries sign. */
  readonly keyFile = lazily(async (): Promise<string> => {
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      // The form that docker-registry reads.
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    })
    const file = join(await newDirectory(this.#scope), 'key.pem')
    await writeFile(file, privateKey, { mode: 0o600 })
    return file
  })

  async [Symbol.asyncDispose](): Promise<void> {
    return this.#scope[Symbol.asyncDispose]()
  }
}

export interface BenchOptions {
  readonly session: Session
  /** Whether small sizes do: to see that a figure works, not to measure. */
  readonly quick: boolean
  /** Ends programs that run. */
  readonly signal: AbortSignal
  readonly log: (text: string) => void
  /** Told of what went wrong, in full. */
  readonly onError: (error: unknown) => void
}

/** What a figure works with. Disposing of it ends what the figure started. */
export class Bench implements AsyncDisposable {
  readonly scope = new Scope()
  readonly signal: AbortSignal
  readonly log: (text: string) => void
  readonly quick: boolean
  /** What all figures share. */
  readonly session: Session

  constructor({ session, quick, signal, log }: Omit<BenchOptions, 'onError'>) {
    this.session = session
    this.quick = quick
    this.signal = signal
    this.log = log
  }

  /** One size for a measurement, another to see that it works. */
  size<T>(full: T, quick: T): T {
    return this.quick ? quick : full
  }

  /** A folder that is removed with the rest. */
  directory(): Promise<string> {
    return newDirectory(this.scope)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.scope[Symbol.asyncDispose]()
  }
}

async function newDirectory(scope: Scope): Promise<string> {
  const { path } = await scope.start(async () => {
    const path = await mkdtemp(join(tmpdir(), 'longshore-bench-'))
    return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
  })
  return path
}
