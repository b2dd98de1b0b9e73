import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from '@longshore/local-cloud'
import { run } from '@longshore/middleware-core/cli'
import { viewerFunctions } from './edge-function.ts'
import { runLongshore } from './longshore.ts'

/** Result of `longshore doctor --json`, short. */
export interface Diagnosis {
  readonly code: number | null
  /** Names of the problems that were found, in their order. */
  readonly problems: string[]
  /** Status of each check. */
  readonly statuses: Record<string, string>
  /** Output as it was printed. */
  readonly output: string
  readonly errors: string
}

/** Options beside the right ones, as a configuration file spells them. */
export interface Configuration {
  readonly s3?: Readonly<Record<string, unknown>>
  /** False: no distribution. */
  readonly cloudfront?: Readonly<Record<string, unknown>> | false
}

/** Starts a bucket and a distribution that are set up as the guide says, but for what is given. */
export function startRightCloud({ edge, s3, ...others }: LocalCloudOptions = {}): Promise<LocalCloud> {
  const names = ['disposition', 'type', 'language', 'encoding']
  const queryStrings = names.map(name => `response-content-${name}`)
  const lifecycleRules = [{ id: 'abort', abortIncompleteMultipartUploadDays: 7 }]
  return startLocalCloud({
    ...others,
    s3: { ...s3, bucketSettings: { lifecycleRules, ...s3?.bucketSettings } },
    edge: { queryStrings, viewerFunctions, ...edge },
  })
}

/** Writes the configuration for a cloud and gives its file. Its key is in a file beside it. */
export async function writeConfiguration(
  cloud: LocalCloud,
  directory: string,
  { s3, cloudfront = {} }: Configuration = {},
): Promise<string> {
  const { bucket, region, keyPairId } = cloud
  const { accessKeyId: accesskey, secretAccessKey: secretkey } = cloud.credentials
  const privatekey = join(directory, 'key.pem')
  await writeFile(privatekey, cloud.privateKey, { mode: 0o600 })
  const options = { baseurl: cloud.edge.baseUrl, privatekey, keypairid: keyPairId, ...cloudfront }
  const config = {
    storage: { s3: { bucket, region, regionendpoint: cloud.s3.endpoint, accesskey, secretkey, ...s3 } },
    middleware: { storage: cloudfront === false ? [] : [{ name: 'cloudfront', options }] },
  }
  const file = join(directory, 'config.yml')
  await writeFile(file, JSON.stringify(config))
  return file
}

const modules: Readonly<Record<string, () => Promise<unknown>>> = {
  '@longshore/s3-driver': () => import('@longshore/s3-driver'),
  '@longshore/s3-driver/cli': () => import('@longshore/s3-driver/cli'),
  '@longshore/middleware-cloudfront': () => import('@longshore/middleware-cloudfront'),
  '@longshore/middleware-cloudfront/cli': () => import('@longshore/middleware-cloudfront/cli'),
}

/** Runs the doctor in this process, which takes half a second less. */
export async function examine(file: string, ...args: string[]): Promise<Diagnosis> {
  let [output, errors] = ['', '']
  const code = await run(['doctor', file, '--json', ...args], {
    out: chunk => {
      output += chunk
    },
    error: chunk => {
      errors += chunk
    },
    stdin: Readable.from([]),
    stdout: new PassThrough(),
    signal: new AbortController().signal,
    env: {},
    load: async name => modules[name]?.(),
  })
  return diagnosisOf(code, output, errors)
}

/** Runs the doctor as its users do, with this environment alone. */
export async function runDoctor(file: string, args: string[], env: Record<string, string> = {}): Promise<Diagnosis> {
  const { code, out, error } = await runLongshore(['doctor', file, '--json', ...args], { env })
  return diagnosisOf(code, out, error)
}

function diagnosisOf(code: number | null, output: string, errors: string): Diagnosis {
  const { checks } = JSON.parse(output) as {
    checks: { name: string; status: string; findings: { problem: string }[] }[]
  }
  const problems = checks.flatMap(({ findings }) => findings.map(({ problem }) => problem))
  const statuses = Object.fromEntries(checks.map(({ name, status }) => [name, status]))
  return { code, problems, statuses, output, errors }
}

/** Code of the function of `examples/aws` for responses alone: the one for requests takes Authorization away. */
export async function functionThatKeepsHeaders(): Promise<{ request: string; response: string }> {
  const file = new URL('../../../examples/aws/function/registry-edge.js', import.meta.url)
  return { request: 'function handler(event) { return event.request }', response: await readFile(file, 'utf8') }
}
