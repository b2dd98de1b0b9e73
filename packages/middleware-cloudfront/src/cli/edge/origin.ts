import { checkOptions } from '@longshore/middleware-core'
import { type EdgeContext, findLayer } from '@longshore/middleware-core/cli'
import type { Refuse } from './setup.ts'

/** Bucket behind a distribution. */
export interface Origin {
  readonly bucket: string
  readonly region: string
  /** Key that encrypts new objects; its account is `*` where the configuration does not name it. */
  readonly kmsKeyArn: string | undefined
  /** True for S3 Transfer Acceleration. */
  readonly accelerate: boolean
}

/** Options of the s3 driver, as far as they concern the templates. */
interface S3Settings {
  readonly bucket: string
  readonly region?: string | undefined
  readonly regionEndpoint?: string | undefined
  readonly encrypt?: boolean
  readonly keyId?: string | undefined
  readonly objectAcl?: string | undefined
  readonly accelerate?: boolean
}

/** Reads the bucket of a stack. Undefined where the templates have no use for it; then that has been refused. */
export function readOrigin(stack: EdgeContext['stack'], refuse: Refuse): Origin | undefined {
  const { definition } = stack.driver.factory
  const layer = findLayer(stack, definition.name)
  if (definition.name !== 's3' || !layer) {
    refuse('storage', `found ${stack.driver.name}; accepted for templates: s3, whose bucket CloudFront reads`)
    return undefined
  }
  const { where, options } = layer
  const settings = checkOptions(definition.options, options, {
    where,
    locate: () => undefined,
  }) as unknown as S3Settings
  const { bucket, objectAcl, regionEndpoint, accelerate = false } = settings
  if (bucket.startsWith('arn:'))
    refuse(`${where}.bucket`, `found ${bucket}; accepted for templates: the name of a bucket`)
  if (objectAcl !== undefined) {
    refuse(`${where}.objectacl`, `found ${objectAcl}; accepted for templates: none, as their bucket has no ACLs`)
  }
  const host = hostOf(regionEndpoint)
  if (host !== undefined && !isAmazon(host)) {
    refuse(
      `${where}.regionendpoint`,
      `found ${host}; accepted for templates: Amazon S3, which CloudFront is set up for`,
    )
    return undefined
  }
  const region = settings.region ?? /[.-]([a-z]{2,5}(?:-[a-z]+)+-\d+)\./.exec(host ?? '')?.[1]
  if (region === undefined) {
    refuse(`${where}.region`, 'missing; accepted: the name of an AWS region such as eu-central-1')
    return undefined
  }
  // Neither AWS in China nor GovCloud has functions at the edge and certificates in us-east-1, or CloudFront at all.
  if (/^(?:cn|us-gov|us-iso\w*|eu-isoe|eusc)-/.test(region)) {
    refuse(`${where}.region`, `found ${region}; accepted for templates: a region of AWS's commercial ones`)
  }
  return {
    bucket,
    region,
    accelerate,
    kmsKeyArn: keyArn(settings, region, (...issue) => refuse(`${where}.keyid`, ...issue)),
  }
}

function hostOf(endpoint: string | undefined): string | undefined {
  if (endpoint === undefined) return undefined
  return new URL(endpoint.includes('://') ? endpoint : `https://${endpoint}`).hostname
}

/** True for a host of Amazon S3 in AWS's commercial regions. */
function isAmazon(host: string): boolean {
  return /(?:^|\.)s3[.-]/.test(host) && /\.(?:amazonaws\.com|api\.aws)$/.test(host)
}

function keyArn({ encrypt, keyId }: S3Settings, region: string, refuse: (problem: string) => void): string | undefined {
  if (!encrypt || keyId === undefined) return undefined
  if (/^arn:aws:kms:[\w-]+:\d+:key\/[\w-]+$/.test(keyId)) return keyId
  if (/^[\da-f-]{36}$|^mrk-[\da-f]{32}$/.test(keyId)) return `arn:aws:kms:${region}:*:key/${keyId}`
  refuse(
    `found ${keyId}; accepted for templates: the ARN or the ID of a key, as IAM policies know keys by nothing else`,
  )
  return undefined
}
