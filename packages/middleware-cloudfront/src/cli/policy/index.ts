import { ConfigError } from '@longshore/middleware-core'
import type { Policies, PolicyContext } from '@longshore/middleware-core/cli'

const bucketPolicy = {
  name: 'bucket',
  title: 'policy of the bucket, for the Origin access control of the distribution',
}

/** Policy with which a bucket lets a distribution read, and nobody in without TLS. */
export const policies: Policies = {
  documents: context => {
    const { resource, distribution } = context
    if (!resource) return []
    const [, partition] = /^arn:([^:]+):s3:/.exec(resource.container) ?? []
    if (partition === undefined) return []
    if (distribution === undefined) return [{ ...bucketPolicy, needs: '--distribution' }]
    const { container, files } = resource
    const document = {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Deny',
          Principal: { AWS: '*' },
          Action: 's3:*',
          // Of the whole bucket: nothing of it is meant to go in the clear.
          Resource: [container, container.includes(':accesspoint/') ? `${container}/object/*` : `${container}/*`],
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
        {
          Effect: 'Allow',
          Principal: { Service: 'cloudfront.amazonaws.com' },
          Action: 's3:GetObject',
          Resource: files,
          Condition: { StringEquals: { 'AWS:SourceArn': distributionArn(distribution, partition, context) } },
        },
      ],
    }
    return [{ ...bucketPolicy, document }]
  },
}

function distributionArn(given: string, partition: string, { account }: PolicyContext): string {
  const refuse = (option: string, problem: string): ConfigError => new ConfigError([{ option: [option], problem }])
  if (/^arn:aws[\w-]*:cloudfront::\d{12}:distribution\/[A-Z0-9]+$/.test(given)) {
    if (account === undefined || given.includes(`::${account}:`)) return given
    throw refuse('--account', `found ${account}; accepted with the ARN of a distribution: none, as it names its own`)
  }
  if (!/^[A-Z0-9]+$/.test(given)) {
    throw refuse(
      '--distribution',
      `found ${given}; accepted: the ARN of a distribution, or its ID such as E1A2B3C4D5E6F7`,
    )
  }
  if (account !== undefined && /^\d{12}$/.test(account)) {
    return `arn:${partition}:cloudfront::${account}:distribution/${given}`
  }
  const found = account === undefined ? 'missing' : `found ${account}`
  throw refuse('--account', `${found}; accepted: the 12 digits of the account of distribution ${given}`)
}
