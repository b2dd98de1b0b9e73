import { checkOptions } from '@longshore/middleware-core'
import type { FoundLayer, Policies, PolicyDocument } from '@longshore/middleware-core/cli'
import { type CheckedS3Options, s3Options } from '../../options.ts'
import { serverOf } from '../../server.ts'
import { corsRules } from './cors-rules.ts'
import { iamPolicy } from './iam-policy.ts'
import { resourceOf } from './resource.ts'

/** Policies of a bucket: for the user or role of the driver, and for pages of other origins. */
export const policies: Policies = {
  // Others than Amazon's buckets are not read by services of Amazon's.
  resource: ({ layer }) => {
    const options = optionsOf(layer)
    return serverOf(options).isAmazon ? resourceOf(options) : undefined
  },
  documents: ({ layer, uploadOrigins }) => {
    const options = optionsOf(layer)
    const iam = { name: 'iam', title: 'IAM policy of the user or role that runs the service' }
    const documents: PolicyDocument[] = [{ ...iam, document: iamPolicy(options) }]
    if (uploadOrigins.length > 0) {
      documents.push({ name: 'cors', title: 'CORS configuration of the bucket', document: corsRules(uploadOrigins) })
    }
    return documents
  },
}

function optionsOf({ options, where }: FoundLayer): CheckedS3Options {
  return checkOptions(s3Options, options, { where, locate: () => undefined })
}
