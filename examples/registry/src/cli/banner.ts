import type { OperationsServer } from '../server/operations-server.ts'
import type { Demo } from './demo.ts'

/** Facts about a registry that has started. */
interface Started {
  readonly registry: { readonly authority: string }
  /** Undefined: HTTP. */
  readonly tls: unknown
  readonly operations: OperationsServer | undefined
  readonly configFile: string
  readonly demo: Demo | undefined
}

/** Text that says what runs where, and how to try it. */
export function banner({ registry: { authority }, tls, operations, configFile, demo }: Started): string {
  const isPlain = tls === undefined
  const url = `${isPlain ? 'http' : 'https'}://${authority}`
  const rows = [
    ['Registry', `${url}/v2/`],
    ...(demo
      ? [
          ['S3 endpoint', `${demo.s3Endpoint}  (stands in for Amazon S3)`],
          ['Edge', `${demo.edgeUrl}  (stands in for CloudFront)`],
        ]
      : []),
    ...(operations ? [['Health', operations.health]] : []),
    ...(operations?.metrics ? [['Metrics', operations.metrics]] : []),
    ['Configuration', configFile],
  ]
  const table = rows.map(([name, value]) => `  ${name?.padEnd(14)} ${value}`).join('\n')
  return `
${table}

Push and pull an image:
  skopeo copy${isPlain ? ' --dest-tls-verify=false' : ''} docker://docker.io/library/alpine docker://${authority}/alpine
  skopeo copy${isPlain ? ' --src-tls-verify=false' : ''} docker://${authority}/alpine oci:alpine

  docker tag alpine ${authority}/alpine && docker push ${authority}/alpine
  docker pull ${authority}/alpine

Or a file:
  oras push${isPlain ? ' --plain-http' : ''} ${authority}/hello:1 README.md
  oras pull${isPlain ? ' --plain-http' : ''} --output hello ${authority}/hello:1

Or a blob, with nothing but curl:
  digest=sha256:$(sha256sum README.md | cut -d' ' -f1)
  curl --data-binary @README.md "${url}/v2/hello/blobs/uploads/?digest=$digest"
  curl --location "${url}/v2/hello/blobs/$digest"

Ready. Ctrl-C stops it${demo ? ' and removes everything' : ''}.
`
}
