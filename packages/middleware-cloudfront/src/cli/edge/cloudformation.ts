import { StorageError, optionError } from '@longshore/middleware-core'
import type { EdgeContext } from '@longshore/middleware-core/cli'
import type { EdgeFormat } from './format.ts'
import type { EdgeKey, EdgeSetup } from './setup.ts'

const PARAMETERS = 'parameters.json'

/** Parameters for public keys. The key of one is never changed in place, which CloudFront refuses. */
const slots = ['PublicKey', 'SecondPublicKey'] as const

/** Key and the parameter that it goes into. */
interface Place {
  readonly slot: (typeof slots)[number]
  readonly key: EdgeKey
}

/** Outputs that hold the IDs of the keys. */
const keyOutputs: Record<string, string> = { PublicKey: 'KeyPairId', SecondPublicKey: 'SecondKeyPairId' }

/** Template as it is, and its parameters as the AWS CLI takes them. */
export const cloudFormation: EdgeFormat = async (setup, templates, context) => {
  const places = placesOf(setup, await readKeys(context), `${context.layer.where}.keys`)
  const list = Object.entries(parametersOf(setup, places)).map(([ParameterKey, ParameterValue]) => ({
    ParameterKey,
    ParameterValue,
  }))
  const files = await templates.readAll(['cloudformation.yml'])
  files.set(PARAMETERS, `${JSON.stringify(list, undefined, 2)}\n`)
  const stack = `--region ${setup.region} --stack-name ${setup.name}`
  return {
    files,
    commands: [
      `aws cloudformation deploy ${stack} --template-file cloudformation.yml --parameter-overrides file://${PARAMETERS} --capabilities CAPABILITY_IAM`,
      `aws cloudformation describe-stacks ${stack} --query 'Stacks[0].Outputs' --output table`,
    ],
    outputs: {
      baseUrl: 'BaseUrl',
      keyId: key => keyOutputs[places.find(place => place.key === key)?.slot ?? ''] ?? '',
      domainName: 'DistributionDomainName',
      distributionArn: 'DistributionArn',
    },
  }
}

/** All parameters, as a deployment leaves those alone that are not given. */
function parametersOf(setup: EdgeSetup, places: readonly Place[]): Record<string, string> {
  const { bucket, originPath = '', kmsKeyArn = '', uploadOrigins, domain, enableIpv6 } = setup
  return {
    ...Object.fromEntries(slots.map(slot => [slot, places.find(place => place.slot === slot)?.key.pem ?? ''])),
    BucketName: bucket,
    OriginPath: originPath,
    DomainName: domain?.name ?? '',
    CertificateArn: domain?.certificateArn ?? '',
    KmsKeyArn: kmsKeyArn,
    UploadOrigins: uploadOrigins.join(','),
    EnableIpv6: String(enableIpv6),
  }
}

/** Public keys of an earlier run by their parameters. */
async function readKeys(context: EdgeContext): Promise<Map<string, string>> {
  const text = await context.readFormer(PARAMETERS)
  if (text === undefined) return new Map()
  try {
    const list = JSON.parse(text) as { ParameterKey: string; ParameterValue: string }[]
    return new Map(list.map(({ ParameterKey, ParameterValue }) => [ParameterKey, ParameterValue]))
  } catch (error) {
    throw new StorageError(
      'CONFIG',
      `${PARAMETERS}: found no list of parameters; accepted: as it was written, or none`,
      {
        cause: error,
      },
    )
  }
}

/** Leaves every key where an earlier run has put it, and puts the others, the oldest first, where none has been. */
function placesOf({ keys }: EdgeSetup, former: Map<string, string>, option: string): Place[] {
  if (keys.length > slots.length) {
    throw optionError(option, `found ${keys.length} keys; accepted: up to ${slots.length} in CloudFormation's template`)
  }
  const places = slots.flatMap(slot => {
    const key = keys.find(({ pem }) => pem === former.get(slot))
    return key ? [{ slot, key }] : []
  })
  const unused = slots.filter(slot => !former.get(slot))
  for (const key of keys.toReversed()) {
    if (places.some(place => place.key === key)) continue
    const slot = unused.shift()
    if (slot === undefined) {
      const problem = `found a new key, but ${PARAMETERS} has others as ${slots.join(' and ')}`
      throw optionError(option, `${problem}; accepted: first one key less, written and deployed`)
    }
    places.push({ slot, key })
  }
  return places
}
