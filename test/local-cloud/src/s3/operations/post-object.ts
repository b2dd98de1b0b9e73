import { createHash, timingSafeEqual } from 'node:crypto'
import type { Credentials } from '../../signature/credentials.ts'
import { fromAmzDate, sign, signingKey } from '../../signature/v4.ts'
import { type Answer, type Cloud, bucketNamed } from '../call.ts'
import { Content } from '../content.ts'
import { s3Error } from '../../errors.ts'
import { wholeSecond } from '../object-headers.ts'
import { denialOf } from '../permissions/permissions.ts'
import type { S3Request } from '../request.ts'

/** Fields of a form that become headers of the object. */
const STORED_FIELDS =
  /^(cache-control|content-(disposition|encoding|language|type)|expires|x-amz-(meta-.+|storage-class|server-side-encryption.*))$/

/** Fields that no condition has to name ("POST policy", S3 API Reference). */
const FREE_FIELDS = /^(x-amz-signature|file|policy|awsaccesskeyid|x-ignore-.*)$/

const FORM_LIMIT = 512 * 1024 * 1024

interface Form {
  /** By lower-case names. */
  readonly fields: ReadonlyMap<string, string>
  readonly file: Buffer
  readonly fileName: string
}

type Condition = Record<string, string> | [string, string | number, string | number]

/** True for a browser's form to a bucket, which carries its signature in a field. */
export function isPostedForm({ method, key, bucket, headers }: S3Request): boolean {
  return (
    method === 'POST' &&
    bucket !== undefined &&
    key === undefined &&
    /^multipart\/form-data/i.test(headers['content-type'] ?? '')
  )
}

/**
 * Stores the file of a form whose policy is signed and holds ("Browser-Based Uploads Using POST (AWS Signature Version 4)",
 * S3 API Reference).
 */
export async function postObject(
  cloud: Cloud,
  request: S3Request,
  credentials: ReadonlyMap<string, Credentials>,
  now: number,
): Promise<Answer> {
  const bucket = bucketNamed(cloud, request.bucket ?? '')
  const form = await readForm(request)
  const accessKeyId = verifySignature(form, credentials)
  checkPolicy(form, bucket.name, now)
  const key = (form.fields.get('key') ?? '').replaceAll('${filename}', form.fileName)
  if (key === '') throw s3Error('InvalidArgument', "Bucket POST must contain a field named 'key'.")
  if (Buffer.byteLength(key) > 1024) throw s3Error('KeyTooLongError', 'Your key is too long')
  const denied = denialOf({ cloud, authentication: { accessKeyId } }, 's3:PutObject', bucket.name, key)
  if (denied) throw denied
  const headers: Record<string, string> = { 'content-type': 'binary/octet-stream' }
  for (const [name, value] of form.fields) if (STORED_FIELDS.test(name)) headers[name] = value
  const etag = createHash('md5').update(form.file).digest('hex')
  const spool = cloud.spools.spool()
  await spool.write(form.file)
  await spool.end()
  bucket.put({ key, content: Content.of(spool), etag, modified: wholeSecond(cloud), headers, checksums: {} })
  const status = Number(form.fields.get('success_action_status') ?? 204)
  return { status: [200, 201].includes(status) ? status : 204, headers: { etag: `"${etag}"` } }
}

async function readForm(request: S3Request): Promise<Form> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of request.body()) {
    size += piece.length
    if (size > FORM_LIMIT) throw s3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size')
    pieces.push(piece)
  }
  const headers = { 'content-type': request.headers['content-type'] ?? '' }
  const data = await new Response(Buffer.concat(pieces), { headers }).formData().catch(() => {
    throw s3Error('MalformedPOSTRequest', 'The body of your POST request is not well-formed multipart/form-data.')
  })
  const fields = new Map<string, string>()
  for (const [name, value] of data) {
    if (typeof value === 'string') fields.set(name.toLowerCase(), value)
    else return { fields, file: Buffer.from(await value.arrayBuffer()), fileName: value.name }
  }
  throw s3Error('InvalidArgument', 'POST requires exactly one file upload per request.')
}

/** Returns the id of the key that has signed. */
function verifySignature({ fields }: Form, credentials: ReadonlyMap<string, Credentials>): string {
  const policy = fields.get('policy')
  const [accessKeyId = '', ...scope] = (fields.get('x-amz-credential') ?? '').split('/')
  const found = credentials.get(accessKeyId)
  if (policy === undefined || scope.length === 0) throw s3Error('AccessDenied', 'Access Denied')
  if (!found) {
    throw s3Error('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.')
  }
  const expected = Buffer.from(sign(signingKey(found.secretAccessKey, scope.join('/')), policy))
  const given = Buffer.from(fields.get('x-amz-signature') ?? '')
  if (given.length === expected.length && timingSafeEqual(given, expected)) return accessKeyId
  throw s3Error(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  )
}

function checkPolicy({ fields, file }: Form, bucket: string, now: number): void {
  let policy: { expiration?: string; conditions?: Condition[] }
  try {
    policy = JSON.parse(Buffer.from(fields.get('policy') ?? '', 'base64').toString()) as typeof policy
  } catch {
    throw s3Error('InvalidPolicyDocument', 'Invalid Policy: Invalid JSON.')
  }
  const isExpired =
    !(Date.parse(policy.expiration ?? '') > now) || !(fromAmzDate(fields.get('x-amz-date') ?? '') <= now + 900_000)
  if (isExpired) throw s3Error('AccessDenied', 'Invalid according to Policy: Policy expired.')
  const named = new Set<string>()
  for (const condition of policy.conditions ?? []) {
    if (Array.isArray(condition) && condition[0] === 'content-length-range') {
      checkSize(file.length, Number(condition[1]), Number(condition[2]))
      continue
    }
    for (const [operator, name, value] of simpleConditions(condition)) {
      named.add(name)
      const given = name === 'bucket' ? bucket : (fields.get(name) ?? '')
      const holds = operator === 'starts-with' ? given.startsWith(value) : given === value
      if (!holds) {
        const text = `["${operator}", "$${name}", "${value}"]`
        throw s3Error('AccessDenied', `Invalid according to Policy: Policy Condition failed: ${text}`)
      }
    }
  }
  for (const name of fields.keys()) {
    if (named.has(name) || FREE_FIELDS.test(name)) continue
    throw s3Error('AccessDenied', `Invalid according to Policy: Extra input fields: ${name}`)
  }
}

function* simpleConditions(condition: Condition): Generator<[operator: string, name: string, value: string]> {
  if (Array.isArray(condition)) {
    const [operator, name, value] = condition
    yield [operator, String(name).replace(/^\$/, '').toLowerCase(), String(value)]
    return
  }
  for (const [name, value] of Object.entries(condition)) yield ['eq', name.toLowerCase(), value]
}

function checkSize(size: number, min: number, max: number): void {
  const details = { ProposedSize: String(size), MinSizeAllowed: String(min), MaxSizeAllowed: String(max) }
  if (size < min) {
    throw s3Error('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', details)
  }
  if (size > max) throw s3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', details)
}
