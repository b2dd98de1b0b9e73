import type { OperationsServer } from '../server/operations-server.ts'
import type { Demo } from './demo.ts'

/** Facts about a registry that has started. */
interface Started {
  /** Host and port, or `unix:` and the path of a socket. */
  readonly authority: string
  /** Undefined: HTTP. */
  readonly tls?: unknown
  readonly operations: OperationsServer | undefined
}

/** Line that says that a registry is ready, and where. */
export function readyLine({ authority, tls, operations }: Started): string {
  const scheme = tls === undefined ? 'http' : 'https'
  const isSocket = authority.startsWith('unix:')
  const places = [
    `registry at ${isSocket ? `${authority} (${scheme})` : `${scheme}://${authority}/v2/`}`,
    ...(operations ? [`health at ${operations.health}`] : []),
    ...(operations?.metrics ? [`metrics at ${operations.metrics}`] : []),
  ]
  return `Ready: ${places.join(', ')}`
}

/** Text that says what of a demo runs where, and how to try it. */
export function demoBanner({ authority, operations }: Started, demo: Demo): string {
  const url = `http://${authority}`
  const rows = [
    ['Registry', `${url}/v2/`],
    ['S3 endpoint', `${demo.s3Endpoint}  (stands in for Amazon S3)`],
    ['Edge', `${demo.edgeUrl}  (stands in for CloudFront)`],
    ...(operations ? [['Health', operations.health]] : []),
    ...(operations?.metrics ? [['Metrics', operations.metrics]] : []),
    ['Configuration', demo.configFile],
  ]
  const table = rows.map(([name, value]) => `  ${name?.padEnd(14)} ${value}`).join('\n')
  return `
${table}

Push and pull an image:
  skopeo copy --dest-tls-verify=false docker://docker.io/library/alpine docker://${authority}/alpine
  skopeo copy --src-tls-verify=false docker://${authority}/alpine oci:alpine

  docker tag alpine ${authority}/alpine && docker push ${authority}/alpine
  docker pull ${authority}/alpine

Or a file:
  oras push --plain-http ${authority}/hello:1 README.md
  oras pull --plain-http --output hello ${authority}/hello:1

Or a blob, with nothing but curl:
  digest=sha256:$(sha256sum README.md | cut -d' ' -f1)
  curl --data-binary @README.md "${url}/v2/hello/blobs/uploads/?digest=$digest"
  curl --location "${url}/v2/hello/blobs/$digest"

Or all that a pull at the edge needs:
  npx longshore doctor ${demo.configFile}

Ready. Ctrl-C stops it and removes everything.
`
}
