import type { LocalCloud } from '@longshore/local-cloud'
import type { Credentials } from './ceph.ts'

interface Edge {
  readonly baseUrl: string
  readonly keyFile: string
  readonly keyPairId: string
  /** How many signed URLs are kept. Default: as many as the middleware keeps by itself. */
  readonly cacheSize?: number
}

/** Where a registry keeps its files, and through which edge they are pulled. */
export interface Place {
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  readonly credentials: Credentials
  /** Default: pulls go to the bucket. */
  readonly edge?: Edge
  /** Folder that keeps the files, not the bucket. Default: the bucket. */
  readonly rootDirectory?: string
  /** False: the registry sends blobs itself. Default true. */
  readonly redirects?: boolean
  /**
   * Whether a registry that asks the bucket again and again by itself keeps in memory what it learnt, or of how many blobs.
   * Default: as it does by itself.
   */
  readonly descriptorCache?: boolean | number
}

/** The local cloud's bucket; with the file that holds its private key, behind its edge. */
export function placeOn({ s3, bucket, region, credentials, edge, keyPairId }: LocalCloud, keyFile?: string): Place {
  const place = { endpoint: s3.endpoint, region, bucket, credentials }
  return keyFile === undefined ? place : { ...place, edge: { baseUrl: edge.baseUrl, keyFile, keyPairId } }
}

/** The sections of a `config.yml` that say so, alike for docker-registry and for Longshore's registry. */
export function storageSections(place: Place): string {
  const { endpoint, region, bucket, credentials, edge, descriptorCache, rootDirectory, redirects = true } = place
  const urls = edge?.cacheSize === undefined ? '' : `, cachesize: ${edge.cacheSize}`
  const middleware = `middleware:
  storage:
    - name: cloudfront
      options: { baseurl: '${edge?.baseUrl}', privatekey: ${edge?.keyFile}, keypairid: ${edge?.keyPairId}, duration: 20m${urls} }
`
  const size = typeof descriptorCache === 'number' ? `, blobdescriptorsize: ${descriptorCache}` : ''
  const cache = `  cache: { blobdescriptor: inmemory${size} }\n`
  const files = `  filesystem: { rootdirectory: ${rootDirectory} }\n`
  const objects = `  s3:
    region: ${region}
    regionendpoint: ${endpoint}
    accesskey: ${credentials.accessKeyId}
    secretkey: ${credentials.secretAccessKey}
    bucket: ${bucket}
    secure: false
    forcepathstyle: true
`
  const noRedirects = '  redirect: { disable: true }\n'
  return `version: 0.1
storage:
${rootDirectory === undefined ? objects : files}  delete: { enabled: true }
${redirects ? '' : noRedirects}${descriptorCache ? cache : ''}${edge ? middleware : ''}`
}
