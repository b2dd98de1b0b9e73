import { type EdgeFormat, keyFile, keyFiles } from './format.ts'
import type { EdgeSetup } from './setup.ts'

/** Stack as it is, and an app that makes it. */
export const cdk: EdgeFormat = async (setup, templates) => {
  const program = ['registry-edge-stack.ts', 'cdk.json', 'package.json', 'tsconfig.json']
  const files = new Map([
    ['app.ts', app(setup)],
    ...keyFiles(setup),
    ...(await templates.readAll([...program.map(file => [`cdk/${file}`, file] as const), 'function/registry-edge.js'])),
  ])
  return {
    files,
    commands: ['npm install', `npx aws-cdk@2 bootstrap   # once for an account and region`, 'npx aws-cdk@2 deploy'],
    outputs: {
      baseUrl: 'BaseUrl',
      keyId: ({ name }) => `KeyPairId${name.replaceAll('-', '')}`,
      domainName: 'DistributionDomainName',
      distributionArn: 'DistributionArn',
    },
  }
}

function app({
  name,
  region,
  bucket,
  keys,
  originPath,
  enableIpv6,
  domain,
  kmsKeyArn,
  uploadOrigins,
}: EdgeSetup): string {
  const values = {
    bucketName: bucket,
    originPath,
    enableIpv6,
    domain,
    kmsKeyArn,
    uploadOrigins: uploadOrigins.length > 0 ? uploadOrigins : undefined,
  }
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  return `import { readFileSync } from 'node:fs'
import { App } from 'aws-cdk-lib'
import { RegistryEdgeStack } from './registry-edge-stack.ts'

/** Reads a file beside this one, which is compiled into \`dist\`. */
const read = (file: string): string => readFileSync(new URL(\`../\${file}\`, import.meta.url), 'utf8')

new RegistryEdgeStack(new App(), ${JSON.stringify(name)}, {
  env: { region: ${JSON.stringify(region)} },
  functionCode: read('function/registry-edge.js'),
  publicKeys: {
${keys.map(key => `    '${key.name}': read('${keyFile(key.name)}'),`).join('\n')}
  },
${given.map(([property, value]) => `  ${property}: ${JSON.stringify(value)},`).join('\n')}
})
`
}
