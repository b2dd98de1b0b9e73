import { HeadBucketCommand, type S3Client } from '@aws-sdk/client-s3'
import { createSigner, hostOf, serializeRequest } from './serialize-request.ts'

/** Form to sign: what it may store. */
export interface FormToSign {
  readonly bucket: string
  readonly key: string
  /** Fields that the form has to send as they are. */
  readonly fields: Readonly<Record<string, string>>
  /** Sizes in bytes that are accepted, both included. */
  readonly size: { readonly min: number; readonly max: number }
  readonly signedAt: Date
  readonly expiresAt: Date
}

/**
 * Signs a POST policy ([browser-based uploads](https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html)).
 * AWS's package for it brings a second copy of the client along.
 */
export async function presignForm(
  client: S3Client,
  form: FormToSign,
): Promise<{ url: string; fields: Record<string, string> }> {
  const { request, region } = await serializeRequest(client, new HeadBucketCommand({ Bucket: form.bucket }))
  const { accessKeyId, sessionToken } = await client.config.credentials()
  const date = compactDate(form.signedAt)
  const fields: Record<string, string> = {
    ...form.fields,
    key: form.key,
    bucket: form.bucket,
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': `${accessKeyId}/${date.slice(0, 8)}/${region}/s3/aws4_request`,
    'x-amz-date': date,
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
  }
  const conditions = [
    ...Object.entries(fields).map(([name, value]) => ({ [name]: value })),
    ['content-length-range', form.size.min, form.size.max],
  ]
  const policy = Buffer.from(JSON.stringify({ expiration: form.expiresAt.toISOString(), conditions })).toString(
    'base64',
  )
  const signer = await createSigner(client, region)
  const signature = await signer.sign(policy, { signingDate: form.signedAt })
  return {
    url: `${request.protocol}//${hostOf(request)}${request.path}`,
    fields: { ...fields, policy, 'x-amz-signature': signature },
  }
}

/** `20261127T184500Z`. */
function compactDate(date: Date): string {
  return date.toISOString().replace(/[-:]|\.\d+/g, '')
}
