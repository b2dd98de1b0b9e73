import { cloudFrontBase64 } from './base64.ts'

/** What is signed, and how CloudFront comes to know it. */
export interface Policy {
  /** UTF-8 JSON without white space. */
  readonly text: string
  /** The query parameter that tells CloudFront of it; as a cookie it has `CloudFront-` before its name. */
  readonly parameter: 'Expires' | 'Policy'
  readonly value: string
}

/** What a custom policy allows. Times are whole seconds since 1970. */
export interface Restrictions {
  /** A URL exactly as it will be sent, or a pattern of such URLs. */
  readonly resource: string
  /** From this second on the policy is over. */
  readonly expires: number
  /** Up to this second and through it the policy does not hold yet. */
  readonly notBefore?: number | undefined
  /** The only addresses it holds for: an IPv4 block, `192.0.2.0/24`. */
  readonly ipAddress?: string | undefined
}

/**
 * The policy that allows `resource`, a URL exactly as it will be sent, until `expires`, in seconds since 1970. CloudFront
 * rebuilds the text from the request, so its names and their order are CloudFront's:
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-canned-policy.html
 */
export function cannedPolicy(resource: string, expires: number): Policy {
  return { text: policyText({ resource, expires }), parameter: 'Expires', value: String(expires) }
}

/**
 * A policy that travels with the URL, and so can say more:
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-custom-policy.html
 */
export function customPolicy(terms: Restrictions): Policy {
  const text = policyText(terms)
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
