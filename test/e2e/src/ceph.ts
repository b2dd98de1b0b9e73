import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CreateBucketCommand, PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3'
import { freePorts } from './free-ports.ts'
import { until } from './until.ts'

const run = promisify(execFile)

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** A single-node Ceph cluster in memory with its S3 gateway, on 127.0.0.1. */
export interface Ceph extends AsyncDisposable {
  /** `http://localhost:PORT`: buckets are found in the path, and in names below `localhost`. */
  readonly endpoint: string
  /** The owner of every bucket. */
  readonly owner: Credentials
  /** The owner's client. */
  readonly client: S3Client
  /** The id of a key that SSE-KMS works with. */
  readonly kmsKeyId: string
  createBucket(name: string): Promise<void>
  /** A user who may do nothing until a policy allows it. */
  createUser(name: string): Promise<Credentials>
  /** Says who may do what with a bucket beside its owner. */
  setPolicy(bucket: string, policy: unknown): Promise<void>
  /** Frees the memory of deleted objects, which the gateway otherwise does hours later. */
  collectGarbage(): Promise<void>
}

export interface CephOptions {
  /** How many bytes it can store, in memory that is taken only as it is used. Default 8 GiB. */
  capacity?: number | undefined
}

/** Starts Ceph's monitor, manager, one store and the gateway. Up in about 15 seconds; needs about 450 MB. */
export async function startCeph({ capacity = 8 * 2 ** 30 }: CephOptions = {}): Promise<Ceph> {
  const cluster = new Cluster(await mkdtemp(join(tmpdir(), 'longshore-ceph-')), capacity)
  try {
    return await cluster.start()
  } catch (error) {
    await cluster.stop()
    throw error
  }
}

class Cluster {
  readonly #directory: string
  readonly #capacity: number
  readonly #daemons: ChildProcess[] = []
  readonly #output: string[] = []

  constructor(directory: string, capacity: number) {
    this.#directory = directory
    this.#capacity = capacity
  }

  async start(): Promise<Ceph> {
    const [monitor, legacyMonitor, gateway] = await freePorts(3)
    const fsid = randomUUID()
    const monitors = `[v2:127.0.0.1:${monitor},v1:127.0.0.1:${legacyMonitor}]`
    for (const name of ['mon', 'osd', 'mgr']) await mkdir(join(this.#directory, name))
    await writeFile(
      join(this.#directory, 'ceph.conf'),
      configuration(this.#directory, fsid, monitors, { gateway: gateway as number, capacity: this.#capacity }),
    )

    await this.#createKeyring()
    await this.#ceph('monmaptool', '--create', '--fsid', fsid, '--addv', 'a', monitors, join(this.#directory, 'monmap'))
    await this.#ceph(
      'ceph-mon',
      '--mkfs',
      '-i',
      'a',
      '--monmap',
      join(this.#directory, 'monmap'),
      '--keyring',
      this.#keyring,
    )
    this.#daemon('ceph-mon', '-i', 'a', '-f')
    await this.#until(
      'the monitor answers',
      async () => (await this.#ceph('ceph', '--connect-timeout', '5', 'status')) !== '',
    )
    await this.#ceph('ceph', 'osd', 'create')
    await this.#ceph('ceph-osd', '-i', '0', '--mkfs')
    this.#daemon('ceph-osd', '-i', '0', '-f')
    this.#daemon('ceph-mgr', '-i', 'x', '-f')
    await this.#until('the store is up', async () => (await this.#ceph('ceph', 'osd', 'stat')).includes('1 up'))
    this.#daemon('radosgw', '-n', 'client.rgw', '-f')
    const endpoint = `http://localhost:${gateway}`
    await this.#until('the gateway answers', async () => (await fetch(endpoint)).ok)

    const owner = await this.#createUser('owner')
    const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: owner })
    return {
      endpoint,
      owner,
      client,
      kmsKeyId: 'testkey',
      createBucket: async Bucket => void (await client.send(new CreateBucketCommand({ Bucket }))),
      createUser: name => this.#createUser(name),
      setPolicy: async (Bucket, policy) =>
        void (await client.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(policy) }))),
      collectGarbage: async () => void (await this.#ceph('radosgw-admin', 'gc', 'process', '--include-all')),
      [Symbol.asyncDispose]: async () => {
        client.destroy()
        await this.stop()
      },
    }
  }

  async #createUser(name: string): Promise<Credentials> {
    const accessKeyId = randomBytes(10).toString('hex')
    const secretAccessKey = randomBytes(20).toString('hex')
    const keys = [`--access-key=${accessKeyId}`, `--secret=${secretAccessKey}`]
    await this.#ceph('radosgw-admin', 'user', 'create', `--uid=${name}`, `--display-name=${name}`, ...keys)
    return { accessKeyId, secretAccessKey }
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#daemons.toReversed().map(async daemon => {
        if (daemon.exitCode !== null || daemon.signalCode !== null) return
        const ended = new Promise(resolve => daemon.once('exit', resolve))
        // Nothing in memory is worth a slow shutdown.
        daemon.kill('SIGKILL')
        await ended
      }),
    )
    await rm(this.#directory, { recursive: true, force: true })
  }

  get #keyring(): string {
    return join(this.#directory, 'keyring')
  }

  async #createKeyring(): Promise<void> {
    const all = [
      '--cap',
      'mon',
      'allow *',
      '--cap',
      'osd',
      'allow *',
      '--cap',
      'mgr',
      'allow *',
      '--cap',
      'mds',
      'allow *',
    ]
    await this.#ceph(
      'ceph-authtool',
      '--create-keyring',
      this.#keyring,
      '--gen-key',
      '-n',
      'mon.',
      '--cap',
      'mon',
      'allow *',
    )
    for (const name of ['client.admin', 'client.rgw', 'osd.0', 'mgr.x']) {
      await this.#ceph('ceph-authtool', this.#keyring, '--gen-key', '-n', name, ...all)
    }
  }

  async #ceph(command: string, ...args: string[]): Promise<string> {
    const { stdout } = await run(command, args, { env: this.#environment })
    return stdout
  }

  #daemon(command: string, ...args: string[]): void {
    const daemon = spawn(command, args, { env: this.#environment, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [daemon.stdout, daemon.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.#output.push(`${command}: ${chunk.toString()}`)
        if (this.#output.length > 100) this.#output.shift()
      })
    }
    this.#daemons.push(daemon)
  }

  get #environment(): NodeJS.ProcessEnv {
    return { ...process.env, CEPH_CONF: join(this.#directory, 'ceph.conf'), PATH: `${process.env['PATH']}:/usr/sbin` }
  }

  async #until(what: string, condition: () => Promise<boolean>): Promise<void> {
    const giveUp = (): string | undefined =>
      this.#daemons.some(({ exitCode }) => exitCode !== null) ? this.#output.join('') : undefined
    await until(`Ceph: ${what}`, condition, { giveUp })
  }
}

function configuration(
  directory: string,
  fsid: string,
  monitors: string,
  { gateway, capacity }: { gateway: number; capacity: number },
): string {
  return `[global]
fsid = ${fsid}
mon_initial_members = a
mon_host = ${monitors}
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
keyring = ${directory}/keyring
osd_pool_default_size = 1
osd_pool_default_min_size = 1
mon_allow_pool_size_one = true
osd_crush_chooseleaf_type = 0
osd_objectstore = memstore
memstore_device_bytes = ${capacity}
osd_pool_default_pg_num = 8
mon_data = ${directory}/mon
osd_data = ${directory}/osd
mgr_data = ${directory}/mgr
run_dir = ${directory}
log_file = ${directory}/$name.log
admin_socket = ${directory}/$name.asok
pid_file = ${directory}/$name.pid
debug_rgw = 1
rgw_frontends = beast endpoint=127.0.0.1:${gateway} tcp_nodelay=1
rgw_dns_name = localhost
rgw_crypt_require_ssl = false
rgw_crypt_s3_kms_backend = testing
rgw_crypt_s3_kms_encryption_keys = testkey=${randomBytes(32).toString('base64')}
`
}
