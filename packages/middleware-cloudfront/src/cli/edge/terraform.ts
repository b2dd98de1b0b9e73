import { type EdgeFormat, keyFile, keyFiles } from './format.ts'
import type { EdgeSetup } from './setup.ts'

/** Module as it is, and a root module that calls it. */
export const terraform: EdgeFormat = async (setup, templates) => {
  const module = ['main.tf', 'variables.tf', 'outputs.tf', 'versions.tf'].map(file => `terraform/${file}`)
  const files = new Map([
    ['main.tf', rootModule(setup)],
    ...keyFiles(setup),
    ...(await templates.readAll([...module, 'function/registry-edge.js'])),
  ])
  return {
    files,
    commands: ['terraform init', 'terraform apply'],
    outputs: {
      baseUrl: 'base_url',
      keyId: key => `key_pair_ids["${key.name}"]`,
      domainName: 'distribution_domain_name',
      distributionArn: 'distribution_arn',
    },
  }
}

function rootModule(setup: EdgeSetup): string {
  const { name, region, bucket, keys, originPath, enableIpv6, domain, kmsKeyArn, uploadOrigins } = setup
  const values: [name: string, value: string | false][] = [
    ['source', text('./terraform')],
    ['name', text(name)],
    ['bucket_name', text(bucket)],
    ['origin_path', originPath !== undefined && text(originPath)],
    ['enable_ipv6', String(enableIpv6)],
    ['domain_name', domain !== undefined && text(domain.name)],
    ['certificate_arn', domain !== undefined && text(domain.certificateArn)],
    ['kms_key_arn', kmsKeyArn !== undefined && text(kmsKeyArn)],
    ['upload_origins', uploadOrigins.length > 0 && `[${uploadOrigins.map(text).join(', ')}]`],
  ]
  const given = values.filter(([, value]) => value !== false)
  const width = Math.max(...given.map(([variable]) => variable.length))
  return `provider "aws" {
  region = ${text(region)}
}

module "longshore" {
${given.map(([variable, value]) => `  ${variable.padEnd(width)} = ${value}`).join('\n')}
  public_keys = {
${keys.map(key => `    ${text(key.name)} = file("\${path.module}/${keyFile(key.name)}")`).join('\n')}
  }
}

output "longshore" {
  value = module.longshore
}
`
}

/** Text as HCL writes it, in which `\${` and `%{` begin a template. */
function text(value: string): string {
  return JSON.stringify(value).replaceAll(/[$%](?=\{)/g, '$&$&')
}
