/** What a signed URL allows: the text that is signed, and the parameter by which CloudFront knows that text. */
export interface Policy {
  /** UTF-8 JSON without white space. */
  readonly text: string
  /** Part of the URL's query: a canned policy's expiry, from which CloudFront rebuilds the text. */
  readonly parameter: string
}

/**
 * The policy that allows `resource`, a URL exactly as it will be sent, until `expires`, in seconds since 1970. CloudFront
 * rebuilds the text from the request, so its names and their order are CloudFront's:
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-canned-policy.html
 */
export function cannedPolicy(resource: string, expires: number): Policy {
  const statement = { Resource: resource, Condition: { DateLessThan: { 'AWS:EpochTime': expires } } }
  return { text: JSON.stringify({ Statement: [statement] }), parameter: `Expires=${expires}` }
}
