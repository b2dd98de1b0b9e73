import type { Problem } from '@longshore/middleware-core/cli'

/** Problem of a permission that is missing. Its remedy names the action of IAM. */
function denied(name: string, action: string, symptom: string, resource = 'the objects of the bucket'): Problem {
  return {
    name,
    severity: 'failed',
    symptom,
    cause: `The credentials may not do ${action}.`,
    remedy: `Allow ${action} on ${resource}, in the policy of the user or role; and look for a Deny in the bucket policy.`,
  }
}

/** Problems of a bucket and the way to it, in the order in which they are met. */
export const problems = {
  noCredentials: {
    name: 'no-credentials',
    severity: 'failed',
    symptom: 'Every request fails with "no credentials for S3".',
    cause: 'There are no credentials: neither options, nor environment, nor profile, nor a role of this machine.',
    remedy:
      'Set accesskey and secretkey, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine or container a role.',
  },
  credentialsEnded: {
    name: 'credentials-ended',
    severity: 'failed',
    symptom: 'Everything worked, and then every request fails with ExpiredToken.',
    cause: 'The temporary credentials have ended.',
    remedy: 'Get new ones; a role renews its own.',
  },
  unknownHost: {
    name: 'unknown-host',
    severity: 'failed',
    symptom: 'Every request fails with ENOTFOUND.',
    cause: 'DNS does not know the host of the bucket.',
    remedy:
      'Look at region and regionendpoint. A server that has no DNS name for each bucket needs forcepathstyle: true.',
  },
  unreachable: {
    name: 'unreachable',
    severity: 'failed',
    symptom: 'Every request fails with ECONNREFUSED, or after a long time.',
    cause: 'Nothing answers at the host of the bucket.',
    remedy: 'Look at the port of regionendpoint, and at firewalls, proxies, routes and VPC endpoints on the way.',
  },
  certificate: {
    name: 'certificate',
    severity: 'failed',
    symptom: 'Every request fails with an error of the certificate.',
    cause: 'This machine does not trust the certificate of the server, or it is for another host.',
    remedy:
      'Give Node the authority with NODE_EXTRA_CA_CERTS. For a bucket with dots in its name set forcepathstyle: true. skipverify: true takes any certificate.',
  },
  notTls: {
    name: 'not-tls',
    severity: 'failed',
    symptom: 'Every request fails with "wrong version number".',
    cause: 'The server speaks HTTP where HTTPS is expected.',
    remedy: 'Write http:// in regionendpoint, or secure: false.',
  },
  clock: {
    name: 'clock',
    severity: 'failed',
    symptom: 'Every request fails with RequestTimeTooSkewed.',
    cause: "This machine's clock differs from the server's by 15 minutes or more.",
    remedy: 'Let the clock be set by NTP or chrony.',
  },
  clockDrift: {
    name: 'clock-drift',
    severity: 'warning',
    symptom: 'Presigned URLs end too early or too late.',
    cause: "This machine's clock differs from the server's by a minute or more.",
    remedy: 'Let the clock be set by NTP or chrony.',
  },
  unknownAccessKey: {
    name: 'unknown-access-key',
    severity: 'failed',
    symptom: 'Every request fails with InvalidAccessKeyId.',
    cause: 'The server does not know the access key.',
    remedy: 'Look at accesskey or AWS_ACCESS_KEY_ID: it may be deleted, of another server, or want a session token.',
  },
  wrongSecret: {
    name: 'wrong-secret',
    severity: 'failed',
    symptom: 'Every request fails with SignatureDoesNotMatch.',
    cause: 'The secret key is not that of the access key, or something on the way changes requests.',
    remedy:
      'Look at secretkey or AWS_SECRET_ACCESS_KEY. A proxy in front of the server has to keep Host and path as they are.',
  },
  bucketMissing: {
    name: 'bucket-missing',
    severity: 'failed',
    symptom: 'Every request fails with "the bucket does not exist".',
    cause: 'There is no bucket of this name.',
    remedy: 'Look at the option bucket, or make the bucket: the driver makes none. `longshore edge` writes a template.',
  },
  wrongRegion: {
    name: 'wrong-region',
    severity: 'failed',
    symptom: 'Every request fails with PermanentRedirect, AuthorizationHeaderMalformed or 400.',
    cause: 'The bucket is in another region than the option region says.',
    remedy: 'Set the option region to that of the bucket.',
  },
  publicAccess: {
    name: 'public-access',
    severity: 'warning',
    symptom: 'Everything works, and a mistake in a policy or an ACL would make files public.',
    cause: 'Block Public Access is not on for the bucket, or not all of it.',
    remedy:
      'Turn on all four settings of Block Public Access. CloudFront with origin access control needs none of them off.',
  },
  bucketPublic: {
    name: 'bucket-public',
    severity: 'failed',
    symptom: 'Everything works, and strangers read files without a signature.',
    cause: 'The bucket policy makes the bucket public.',
    remedy: 'Take statements with Principal * out of the bucket policy, and turn on Block Public Access.',
  },
  aclsDisabled: {
    name: 'acls-disabled',
    severity: 'failed',
    symptom: 'Every write fails with AccessControlListNotSupported.',
    cause: 'The option objectacl asks for an access control list, and the bucket takes none (Bucket owner enforced).',
    remedy: 'Remove the option objectacl.',
  },
  versioned: {
    name: 'versioned',
    severity: 'warning',
    symptom: 'The bill grows though files are deleted.',
    cause: 'The bucket keeps the old versions of files for ever.',
    remedy: 'Add a lifecycle rule that expires noncurrent versions, or suspend versioning.',
  },
  objectLock: {
    name: 'object-lock',
    severity: 'warning',
    symptom: 'Garbage collection and sweeps delete files, and the bill does not shrink.',
    cause: 'The bucket has a default retention (Object Lock): what is deleted stays as a version until that ends.',
    remedy: 'Use a bucket without default retention, unless that is what you want.',
  },
  noAbortRule: {
    name: 'no-abort-rule',
    severity: 'warning',
    symptom: 'The bill grows, and no file shows why.',
    cause:
      'No lifecycle rule aborts multipart uploads that nobody completes. The driver sweeps its own only when it is asked to.',
    remedy: 'Add a rule "Delete incomplete multipart uploads" after 7 days, for the whole bucket.',
  },
  filesExpire: {
    name: 'files-expire',
    severity: 'failed',
    symptom: 'Old images cannot be pulled any more: blobs are unknown.',
    cause: 'A lifecycle rule deletes files by their age, whether they are in use or not.',
    remedy: 'Remove the rule, or limit it to another prefix. Garbage collection deletes what is not in use.',
  },
  filesArchived: {
    name: 'files-archived',
    severity: 'failed',
    symptom: 'Old images cannot be pulled any more: InvalidObjectState.',
    cause: 'A lifecycle rule moves files to an archive, from which they have to be restored first.',
    remedy: 'Remove the transition to GLACIER or DEEP_ARCHIVE. GLACIER_IR and INTELLIGENT_TIERING can be read at once.',
  },
  putDenied: denied('put-denied', 's3:PutObject', 'Pushes fail with AccessDenied.'),
  encryptionDenied: {
    name: 'encryption-denied',
    severity: 'failed',
    symptom: 'Pushes or pulls fail with AccessDenied, with kms in the message.',
    cause: 'The credentials may not use the KMS key of the bucket, or of the option keyid.',
    remedy: 'Allow kms:GenerateDataKey and kms:Decrypt on the key.',
  },
  writeRefused: {
    name: 'write-refused',
    severity: 'failed',
    symptom: 'Pushes fail.',
    cause: 'The server refuses an object with the settings of this configuration.',
    remedy:
      'Read the message; storageclass, encrypt, keyid and objectacl are what servers differ in. storageclass: NONE sends none.',
  },
  getDenied: denied('get-denied', 's3:GetObject', 'Pulls fail with AccessDenied.'),
  listDenied: denied(
    'list-denied',
    's3:ListBucket',
    'Catalogs are empty, and what is missing is AccessDenied instead of not found.',
    'the bucket itself',
  ),
  copyDenied: denied(
    'copy-denied',
    's3:PutObject and s3:GetObject for copies',
    'Pushes fail at their end, when a file is moved.',
  ),
  listPartsDenied: denied(
    'list-parts-denied',
    's3:ListMultipartUploadParts',
    'Interrupted uploads cannot be continued.',
  ),
  abortDenied: denied('abort-denied', 's3:AbortMultipartUpload', 'Cancelled uploads stay, and cost.'),
  deleteDenied: denied('delete-denied', 's3:DeleteObject', 'Nothing can be deleted, and uploads leave files behind.'),
  sweepDenied: denied(
    'sweep-denied',
    's3:ListBucketMultipartUploads',
    'Sweeps of unfinished uploads fail.',
    'the bucket itself',
  ),
  urlRefused: {
    name: 'url-refused',
    severity: 'failed',
    symptom: 'Pulls from presigned URLs fail, though the service reads the files itself.',
    cause: 'A presigned URL does not give the file.',
    remedy:
      'redirectendpoint has to be a name of the very server, and what is in front of it has to keep Host, path and query. A bucket policy may allow a VPC only.',
  },
  uploadUrlRefused: {
    name: 'upload-url-refused',
    severity: 'warning',
    symptom: 'Direct uploads fail; pushes through the service work.',
    cause: 'A presigned PUT or POST is refused.',
    remedy:
      'Look for a Deny in the bucket policy (unsigned payloads, a VPC), and for a proxy that lets GET pass alone. It does not matter without direct uploads.',
  },
} satisfies Record<string, Problem>
