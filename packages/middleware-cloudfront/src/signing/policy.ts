import { cloudFrontBase64 } from './base64.ts'

/** Policy statement that is signed, and the parameter that carries it. */
export interface Policy {
  /** UTF-8 JSON without white space. */
  readonly text: string
  /** Query parameter that carries it; as a cookie it has `CloudFront-` before its name. */
  readonly parameter: 'Expires' | 'Policy'
  /** Value of that parameter. */
  readonly value: string
}

/** Restrictions of a custom policy. Times are whole seconds since 1970. */
export interface Restrictions {
  /** URL exactly as it is sent, or a pattern of such URLs. */
  readonly resource: string
  /** Second from which on CloudFront refuses. */
  readonly expires: number
  /** Last second in which CloudFront still refuses. */
  readonly notBefore?: number | undefined
  /** IPv4 block of the only clients that are served: `192.0.2.0/24`. */
  readonly ipAddress?: string | undefined
}

/**
 * Builds the policy that opens `resource`, a URL exactly as it is sent, until `expires`, in seconds since 1970. CloudFront
 * rebuilds the text from the request, so its names and their order are CloudFront's:
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-canned-policy.html
 */
export function cannedPolicy(resource: string, expires: number): Policy {
  return { text: policyText({ resource, expires }), parameter: 'Expires', value: String(expires) }
}

/**
 * Builds a policy that travels with the URL, and so can hold more restrictions:
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-custom-policy.html
 */
export function customPolicy(restrictions: Restrictions): Policy {
  const text = policyText(restrictions)
  return { text, parameter: 'Policy', value: cloudFrontBase64(Buffer.from(text)) }
}

function policyText({ resource, expires, notBefore, ipAddress }: Restrictions): string {
  const Condition = {
    DateLessThan: { 'AWS:EpochTime': expires },
    ...(notBefore === undefined ? {} : { DateGreaterThan: { 'AWS:EpochTime': notBefore } }),
    ...(ipAddress === undefined ? {} : { IpAddress: { 'AWS:SourceIp': ipAddress } }),
  }
  return JSON.stringify({ Statement: [{ Resource: resource, Condition }] })
}
