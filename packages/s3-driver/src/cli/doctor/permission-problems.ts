import type { Problem } from '@longshore/middleware-core/cli'

const policy = 'Add it to the policy of the user or role; `longshore policy CONFIG` prints the whole.'

function missing(action: string, name: string, symptom: string, remedy = policy): Problem {
  return { name, severity: 'failed', symptom, cause: `The credentials lack the permission ${action}.`, remedy }
}

/** Permissions that the driver's requests need, one problem each. */
export const permissionProblems = {
  putDenied: missing('s3:PutObject', 'put-denied', 'Pushes fail with 403 AccessDenied, and pulls work.'),
  aclDenied: missing(
    's3:PutObjectAcl',
    'acl-denied',
    'Pushes fail with 403 AccessDenied since objectacl is set.',
    'Remove objectacl, or add the permission to the policy. Block Public Access refuses public ACLs, whatever is allowed.',
  ),
  getDenied: missing('s3:GetObject', 'get-denied', 'Pulls fail with 403 AccessDenied.'),
  listDenied: missing(
    's3:ListBucket',
    'list-denied',
    'Catalog, tags and deletions fail, and what is not there is 403.',
  ),
  listPartsDenied: missing(
    's3:ListMultipartUploadParts',
    'list-parts-denied',
    'Pushes of large layers cannot be continued after an interruption.',
  ),
  abortDenied: missing(
    's3:AbortMultipartUpload',
    'abort-denied',
    'Cancelled pushes leave parts behind that cost money.',
  ),
  sweepDenied: missing(
    's3:ListBucketMultipartUploads',
    'sweep-denied',
    'Unfinished uploads are not found, and stay for ever.',
  ),
  deleteDenied: missing('s3:DeleteObject', 'delete-denied', 'Pushes fail at their end, and nothing can be deleted.'),
  kmsDenied: missing(
    'kms:GenerateDataKey or kms:Decrypt',
    'encryption-denied',
    'Pushes or pulls fail with 403 AccessDenied with kms: in the message.',
    'Allow both on the key of keyid, or of the bucket, in the policy of the user or role and in the policy of the key.',
  ),
} satisfies Record<string, Problem>
