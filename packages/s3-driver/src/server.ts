/** Server that requests go to. */
export interface S3Server {
  /** URL with its scheme; undefined where the SDK finds Amazon's by the region. */
  readonly endpoint: string | undefined
  /** True for Amazon S3 itself, by whichever of its hosts: then everything is there that its documentation has. */
  readonly isAmazon: boolean
  /** Region that Amazon's host names. */
  readonly region: string | undefined
}

/** Domains of Amazon's partitions (`partitions.json` of its SDKs). */
const amazonDomains = [
  'amazonaws.com',
  'amazonaws.com.cn',
  'amazonaws.eu',
  'api.aws',
  'api.amazonwebservices.com.cn',
  'api.amazonwebservices.eu',
  'c2s.ic.gov',
  'sc2s.sgov.gov',
  'cloud.adc-e.uk',
  'csp.hci.ic.gov',
]

/**
 * Decides which server a driver speaks to: `regionEndpoint`, else what the environment names for every SDK of Amazon's
 * (`AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`), else Amazon S3. An endpoint of Amazon's own, such as that of a VPC, is Amazon S3.
 */
export function serverOf({
  regionEndpoint,
  secure,
}: {
  regionEndpoint?: string | undefined
  secure: boolean
}): S3Server {
  const given = regionEndpoint ?? endpointOfEnvironment()
  if (given === undefined) return { endpoint: undefined, isAmazon: true, region: undefined }
  const endpoint = endpointUrl(given, secure)
  const host = URL.canParse(endpoint) ? new URL(endpoint).hostname : ''
  const isAmazon = /(?:^|\.)s3[.-]/.test(host) && amazonDomains.some(domain => host.endsWith(`.${domain}`))
  const region = isAmazon ? /[.-]([a-z]{2,5}(?:-[a-z]+)+-\d+)\./.exec(host)?.[1] : undefined
  return { endpoint, isAmazon, region }
}

function endpointOfEnvironment(): string | undefined {
  const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS } = process.env
  if (AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === 'true') return undefined
  return AWS_ENDPOINT_URL_S3 || AWS_ENDPOINT_URL || undefined
}

/** An endpoint with a scheme: its own, or the one that `secure` asks for. */
function endpointUrl(endpoint: string, secure: boolean): string {
  return endpoint.includes('://') ? endpoint : `${secure ? 'https' : 'http'}://${endpoint}`
}
