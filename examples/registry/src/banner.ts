import type { Demo } from './demo.ts'

/** What runs where, and how to try it. */
export function banner(authority: string, configFile: string, demo: Demo | undefined): string {
  const places = demo
    ? [
        ['Registry', `http://${authority}/v2/`],
        ['S3 endpoint', `${demo.s3Endpoint}  (stands in for Amazon S3)`],
        ['Edge', `${demo.edgeUrl}  (stands in for CloudFront)`],
        ['Configuration', configFile],
      ]
    : [
        ['Registry', `http://${authority}/v2/`],
        ['Configuration', configFile],
      ]
  const table = places.map(([name, place]) => `  ${name?.padEnd(14)} ${place}`).join('\n')
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
  curl --data-binary @README.md "http://${authority}/v2/hello/blobs/uploads/?digest=$digest"
  curl --location "http://${authority}/v2/hello/blobs/$digest"

Ready. Ctrl-C stops it${demo ? ' and removes everything' : ''}.
`
}
