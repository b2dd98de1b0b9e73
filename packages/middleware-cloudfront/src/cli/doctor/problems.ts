import type { Problem } from '@longshore/middleware-core/cli'

/** Problems of a distribution and its keys, in the order in which they are met. Terms are those of the CloudFront console. */
export const problems = {
  keyPermissions: {
    name: 'key-permissions',
    severity: 'warning',
    symptom: 'Everything works, for anyone with an account on the machine as well.',
    cause: 'Every user of this machine may read a private key.',
    remedy: 'chmod 600 FILE, or 640 with the group of the service.',
  },
  keyUnusable: {
    name: 'key-unusable',
    severity: 'warning',
    symptom: 'Everything works, until the key that signs is to be replaced.',
    cause: 'One of the keys cannot be used, and another one signs.',
    remedy: 'Put the file in its place, or take the key out of keys.',
  },
  outsideOriginPath: {
    name: 'outside-origin-path',
    severity: 'failed',
    symptom: 'Pulls get URLs of S3 instead of CloudFront.',
    cause: 'The keys of files do not begin with the Origin Path of the option originpath.',
    remedy:
      'Set originpath to a prefix of all keys, such as the rootdirectory of the driver, or remove it. For files elsewhere give --scratch a directory among them.',
  },
  unknownHost: {
    name: 'unknown-host',
    severity: 'failed',
    symptom: 'Pulls fail with "no such host" or "could not resolve host".',
    cause: 'DNS does not know the host of baseurl.',
    remedy:
      'Take the Domain name of the distribution, such as d111111abcdef8.cloudfront.net. A name of your own needs a CNAME or an alias record that points to it.',
  },
  unreachable: {
    name: 'unreachable',
    severity: 'failed',
    symptom: 'Pulls time out, or their connection is refused.',
    cause: 'Nothing answers at baseurl.',
    remedy: 'Look at firewalls and proxies between this machine and the distribution, and at the port of baseurl.',
  },
  certificate: {
    name: 'certificate',
    severity: 'failed',
    symptom: 'Pulls fail with "certificate is valid for ...", or "unable to verify".',
    cause: 'The certificate at baseurl is not one that this machine trusts for its host.',
    remedy:
      'A name of your own has to be among the Alternate domain names of the distribution, with a certificate for it from ACM in us-east-1.',
  },
  plainHttp: {
    name: 'plain-http',
    severity: 'warning',
    symptom: 'Everything works, for those who listen on the way as well.',
    cause: 'baseurl begins with http://, so signed URLs and what they open travel in the clear.',
    remedy: 'Write https:// in baseurl.',
  },
  httpAllowed: {
    name: 'http-allowed',
    severity: 'warning',
    symptom: 'Everything works, over http:// as well.',
    cause: 'The distribution serves requests without TLS.',
    remedy: 'Set the Viewer protocol policy of the behaviour to "Redirect HTTP to HTTPS" or "HTTPS only".',
  },
  clock: {
    name: 'clock',
    severity: 'failed',
    symptom: 'Every pull is refused with 403 AccessDenied, or works longer than it should.',
    cause: "This machine's clock differs from CloudFront's by more than a URL lives.",
    remedy: 'Let the clock be set by NTP or chrony.',
  },
  clockDrift: {
    name: 'clock-drift',
    severity: 'warning',
    symptom: 'Some pulls are refused with 403 AccessDenied near the end of their lifetime.',
    cause: "This machine's clock differs from CloudFront's by a minute or more.",
    remedy: 'Let the clock be set by NTP or chrony.',
  },
  notRestricted: {
    name: 'not-restricted',
    severity: 'failed',
    symptom: 'Everything works, without a signature as well: every file is public to those who know its path.',
    cause: 'The distribution does not ask for signatures.',
    remedy: 'Set "Restrict viewer access" of the behaviour to Yes, with Trusted key groups.',
  },
  signatureLost: {
    name: 'signature-lost',
    severity: 'failed',
    symptom: 'Every pull is refused with 403 MissingKey.',
    cause: 'The parameters of the signature do not reach CloudFront.',
    remedy: 'Something in front of the distribution drops the query: let it pass the URL as it is.',
  },
  keyUnknown: {
    name: 'key-unknown',
    severity: 'failed',
    symptom: 'Every pull is refused with 403 InvalidKey, "Unknown Key".',
    cause:
      'The distribution does not trust the key of keypairid: the id is not that of a public key, or the key is in no key group of the behaviour.',
    remedy:
      'Take the ID (K...) of the public key in CloudFront, put it into a key group, and the key group into Trusted key groups of the behaviour.',
  },
  keyMismatch: {
    name: 'key-mismatch',
    severity: 'failed',
    symptom: 'Every pull is refused with 403 AccessDenied by CloudFront.',
    cause: 'The public key that CloudFront has under keypairid is not the half of this private key.',
    remedy: 'Give the id of the key that this is the public half of, or upload it as a new public key.',
  },
  hashRefused: {
    name: 'hash-refused',
    severity: 'failed',
    symptom: 'Every pull is refused with 403 AccessDenied since hashalgorithm is SHA256.',
    cause: 'The distribution takes signatures with SHA-1, and none with SHA-256.',
    remedy: 'Remove hashalgorithm, or set it to SHA1.',
  },
  urlChanged: {
    name: 'url-changed',
    severity: 'failed',
    symptom: 'Every pull is refused with 403 AccessDenied by CloudFront, though the key is right.',
    cause: 'CloudFront sees another URL than the one that was signed.',
    remedy:
      'Something in front of the distribution changes host, path or query: let it pass them, or set baseurl to the host that CloudFront sees.',
  },
  originPathMissing: {
    name: 'origin-path-missing',
    severity: 'failed',
    symptom: 'Every pull is refused with 403 AccessDenied or 404 NoSuchKey by S3.',
    cause:
      'The option originpath names an Origin Path that the distribution does not have, so it is missing in the key.',
    remedy: 'Give the origin the Origin path of the option originpath, or set that to the one that the origin has.',
  },
  originPathDoubled: {
    name: 'origin-path-doubled',
    severity: 'failed',
    symptom: 'Every pull is refused with 403 AccessDenied or 404 NoSuchKey by S3.',
    cause:
      'The distribution has an Origin Path that the option originpath does not name, so it stands twice in the key.',
    remedy: 'Set the option originpath to the Origin path of the origin, or that to the option.',
  },
  originAccess: {
    name: 'origin-access',
    severity: 'failed',
    symptom: 'Every pull is refused with 403 AccessDenied by S3.',
    cause:
      'S3 refuses CloudFront: the origin has no Origin access control that signs, the bucket policy does not name the distribution, or the file is not where CloudFront looks, which S3 answers alike.',
    remedy:
      'Give the origin an Origin access control with "Sign requests" and without "Do not override authorization header", and the bucket a policy that lets cloudfront.amazonaws.com get objects for this distribution. Origin domain has to be the bucket of the configuration.',
  },
  originEncryption: {
    name: 'origin-encryption',
    severity: 'failed',
    symptom: 'Pulls are refused with 403 AccessDenied by S3, with kms:Decrypt in the message.',
    cause: 'CloudFront may not use the KMS key of the objects.',
    remedy: 'Let the key policy give cloudfront.amazonaws.com kms:Decrypt for this distribution.',
  },
  otherOrigin: {
    name: 'other-origin',
    severity: 'failed',
    symptom: 'Every pull is 404, NoSuchKey or NoSuchBucket.',
    cause: 'The distribution looks into another bucket or folder than the driver writes to.',
    remedy:
      'Compare Origin domain and Origin path of the distribution with bucket and rootdirectory of the configuration.',
  },
  originRedirects: {
    name: 'origin-redirects',
    severity: 'failed',
    symptom: 'Pulls are redirected from the edge to the bucket, and refused there.',
    cause: 'The origin has the global name of the bucket, and S3 redirects to the one of its region.',
    remedy: 'Set the Origin domain to BUCKET.s3.REGION.amazonaws.com.',
  },
  redirectLoop: {
    name: 'redirect-loop',
    severity: 'failed',
    symptom: 'Pulls end with "too many redirects".',
    cause: 'The URL is redirected to itself.',
    remedy:
      'A proxy in front of CloudFront that ends TLS and asks it over http:// is redirected to https://: let it use https, or take it away.',
  },
  redirected: {
    name: 'redirected',
    severity: 'failed',
    symptom: 'Pulls end at another host, or are refused there.',
    cause: 'The edge redirects instead of serving the file.',
    remedy: 'Set baseurl to where the redirect leads, or remove it: a signature is good for one URL.',
  },
  originUnreachable: {
    name: 'origin-unreachable',
    severity: 'failed',
    symptom: 'Pulls fail with 502 or 504.',
    cause: 'CloudFront gets no answer from the origin.',
    remedy: 'Compare the Origin domain with BUCKET.s3.REGION.amazonaws.com.',
  },
  functionFails: {
    name: 'function-fails',
    severity: 'failed',
    symptom: 'Pulls fail with 502 or 503, and X-Cache names a function.',
    cause: 'A CloudFront Function of the behaviour throws, or gives what CloudFront does not accept.',
    remedy: 'Test it in the console (Functions, Test), or take the one of examples/aws/function.',
  },
  otherContent: {
    name: 'other-content',
    severity: 'failed',
    symptom: 'Pulls give other bytes, such as an HTML page, and digests do not match.',
    cause: 'A signed URL gives something else than the file.',
    remedy:
      'Look at the Origin domain, at the behaviours (the order of path patterns), and at what stands in front of CloudFront.',
  },
  errorPages: {
    name: 'error-pages',
    severity: 'failed',
    symptom: 'A pull of what does not exist gives a page with status 200.',
    cause: 'The distribution answers errors with a page and the status of success.',
    remedy: 'Remove the Custom error responses of the distribution, or let them keep the status.',
  },
  unexpectedAnswer: {
    name: 'unexpected-answer',
    severity: 'failed',
    symptom: 'Pulls fail with a status that no other line explains.',
    cause: 'The edge gives an answer that none of these problems explains.',
    remedy: 'Look for its X-Amz-Cf-Id in the logs, and at what stands in front of CloudFront.',
  },
  rangeIgnored: {
    name: 'range-ignored',
    severity: 'failed',
    symptom: 'Interrupted pulls begin anew, or their digests do not match.',
    cause: 'A range of the file is not served as it was asked for.',
    remedy: 'Let the header Range pass, and take away functions and proxies that change bodies.',
  },
  headFails: {
    name: 'head-fails',
    severity: 'failed',
    symptom: 'Clients that ask for the size first fail.',
    cause: 'HEAD is not answered as GET is.',
    remedy: 'Set the Allowed HTTP methods of the behaviour to GET, HEAD or more.',
  },
  expiredServed: {
    name: 'expired-served',
    severity: 'failed',
    symptom: 'Everything works, with URLs that have ended as well.',
    cause: 'A URL whose time has passed is served.',
    remedy: 'Something in front of the distribution caches without the query, or checks no signatures: take it away.',
  },
  tamperedServed: {
    name: 'tampered-served',
    severity: 'failed',
    symptom: 'Everything works, with signatures of other files as well.',
    cause: 'A URL with the signature of another file is served.',
    remedy: 'Something in front of the distribution caches without the query, or checks no signatures: take it away.',
  },
  authorizationForwarded: {
    name: 'authorization-forwarded',
    severity: 'failed',
    symptom:
      'Some clients (older Docker, containerd behind mirrors) fail with 400 InvalidArgument; browsers and curl work.',
    cause: "The client's Authorization header reaches S3, which takes it for a signature of its own.",
    remedy:
      'Set the Origin access control to "Sign requests" without "Do not override authorization header", and take Authorization out of the origin request and cache policies.',
  },
  neverCached: {
    name: 'never-cached',
    severity: 'warning',
    symptom: 'Pulls are no faster than from S3, and S3 is asked each time.',
    cause: 'The edge does not keep the file.',
    remedy: 'Use the managed cache policy CachingOptimized, or one with a minimum TTL above 0.',
  },
  queryInCacheKey: {
    name: 'query-in-cache-key',
    severity: 'warning',
    symptom: 'The hit rate is near 0: every signed URL is fetched from S3 anew.',
    cause: 'The cache policy tells files apart by their query strings, so each signature is a file of its own.',
    remedy: 'Set Query strings of the cache policy to None, or to the response-* parameters alone.',
  },
  downloadsIgnored: {
    name: 'downloads-ignored',
    severity: 'warning',
    symptom: 'Browsers save downloads under the name of the path instead of the given one.',
    cause: 'The response-* parameters do not reach S3, which sets the name of a download.',
    remedy:
      'Let the cache policy include response-content-disposition, response-content-type, response-cache-control, response-content-encoding and response-content-language. It does not matter to registries.',
  },
  compressed: {
    name: 'compressed',
    severity: 'warning',
    symptom: 'Text and JSON arrive without a length and with another ETag, and cannot be continued.',
    cause: 'The edge compresses files on their way.',
    remedy:
      'Set "Compress objects automatically" of the behaviour to No, and both compression settings of the cache policy to false.',
  },
  digestMissing: {
    name: 'digest-missing',
    severity: 'warning',
    symptom:
      'Clients that want Docker-Content-Digest behind redirects, as the distribution specification is about to, refuse blobs.',
    cause: 'The edge sends blobs without Docker-Content-Digest.',
    remedy:
      'Add the function of examples/aws/function to viewer request and viewer response of the behaviour. It matters to registries only.',
  },
  ipv6Bound: {
    name: 'ipv6-bound',
    severity: 'warning',
    symptom: 'Clients with IPv6 are refused with 403 AccessDenied, or served by the service itself.',
    cause: 'bindclientip knows IPv4 addresses only, and the distribution has IPv6.',
    remedy: 'Set IPv6 of the distribution to Off, and remove AAAA records of its names.',
  },
} satisfies Record<string, Problem>
