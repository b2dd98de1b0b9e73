import { rmSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EdgeRecord, type LocalCloud, type RequestRecord, startLocalCloud } from '@longshore/local-cloud'
import type { Address } from '../config/address.ts'
import type { Log } from '../observability/log-lines.ts'
import { bytes } from '../observability/quantities.ts'

/** Bucket and edge on this machine, and a configuration for them. Disposing of it removes all of it. */
export interface Demo extends AsyncDisposable {
  readonly s3Endpoint: string
  readonly edgeUrl: string
  readonly configFile: string
  /** Requests to the edge for blobs that it had, and for others. */
  readonly edge: { readonly hits: number; readonly misses: number }
}

/** Requests of the stand-in for S3 that are kept: nobody asks for them. */
const MAX_KEPT_REQUESTS = 100

/** The CloudFront Function of the templates. */
const EDGE_FUNCTION = createRequire(import.meta.url).resolve(
  '@longshore/middleware-cloudfront/templates/function/registry-edge.js',
)

/** Query strings of the cache policy there: headers of the answer that a signed URL may ask for. */
const RESPONSE_PARAMETERS = [
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
]

/** Starts a demo. `verbose` logs every request to the stand-in for S3, too. */
export async function startDemo(address: Address, log: Log, verbose: boolean): Promise<Demo> {
  const directory = await mkdtemp(join(tmpdir(), 'longshore-'))
  // A second Ctrl-C ends the process at once.
  const removeAtOnce = (): void => rmSync(directory, { recursive: true, force: true })
  process.once('exit', removeAtOnce)
  const remove = async (): Promise<void> => {
    await rm(directory, { recursive: true, force: true })
    process.off('exit', removeAtOnce)
  }
  let cloud: LocalCloud | undefined
  try {
    const edgeFunction = await readFile(EDGE_FUNCTION, 'utf8')
    cloud = await startLocalCloud({
      s3: {
        directory,
        keepRequests: MAX_KEPT_REQUESTS,
        bucketSettings: { lifecycleRules: [{ id: 'unfinished', abortIncompleteMultipartUploadDays: 7 }] },
        ...(verbose ? { onRequest: record => log(s3Line(record)) } : {}),
      },
      edge: {
        queryStrings: RESPONSE_PARAMETERS,
        viewerFunctions: { request: edgeFunction, response: edgeFunction },
        onRequest: record => log(edgeLine(record)),
      },
    })
    const configFile = join(directory, 'config.yml')
    const keyFile = join(directory, 'cloudfront.pem')
    await writeFile(keyFile, cloud.privateKey, { mode: 0o600 })
    await writeFile(configFile, configFor(cloud, keyFile, address), { mode: 0o600 })
    return demoOf(cloud, configFile, remove)
  } catch (error) {
    await cloud?.close()
    await remove()
    throw error
  }
}

function demoOf(cloud: LocalCloud, configFile: string, remove: () => Promise<void>): Demo {
  return {
    s3Endpoint: cloud.s3.endpoint,
    edgeUrl: cloud.edge.baseUrl,
    configFile,
    get edge() {
      return cloud.edge.stats
    },
    async [Symbol.asyncDispose]() {
      await cloud.close()
      await remove()
    },
  }
}

/** Makes the configuration that a user would write for a bucket and a distribution, with the local ones in their places. */
function configFor(
  { s3, edge, bucket, region, credentials, keyPairId }: LocalCloud,
  keyFile: string,
  address: Address,
): string {
  const text = JSON.stringify
  return `version: 0.1
http:
  addr: ${text(`${address.host}:${address.port}`)}
  debug:
    addr: ${text(`${address.host}:0`)}
    prometheus:
      enabled: true
storage:
  s3:
    region: ${text(region)}
    regionendpoint: ${text(s3.endpoint)}
    forcepathstyle: true
    accesskey: ${text(credentials.accessKeyId)}
    secretkey: ${text(credentials.secretAccessKey)}
    bucket: ${text(bucket)}
  delete:
    enabled: true
middleware:
  storage:
    - name: cloudfront
      options:
        baseurl: ${text(edge.baseUrl)}
        privatekey: ${text(keyFile)}
        keypairid: ${text(keyPairId)}
        duration: 20m
`
}

function s3Line({ operation, key, target, status, bytesIn, milliseconds }: RequestRecord) {
  const came = bytesIn > 0 ? `  ${bytes(bytesIn)} in` : ''
  // A list of keys is about what they begin with.
  const about = key ?? new URL(target, 'http://s3').searchParams.get('prefix') ?? ''
  return {
    who: 's3',
    what: operation,
    target: about,
    outcome: `${status ?? 'cut off'}${came}`,
    durationMs: milliseconds,
  } as const
}

function edgeLine({ method, path, status, result, bytes: sent, milliseconds }: EdgeRecord) {
  const went = sent > 0 ? `  ${bytes(sent)} out` : ''
  return {
    who: 'edge',
    what: method,
    target: path,
    outcome: `${status} ${result}${went}`,
    durationMs: milliseconds,
  } as const
}
