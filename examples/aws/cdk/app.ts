import { readFileSync } from 'node:fs'
import { App } from 'aws-cdk-lib'
import { RegistryEdgeStack } from './registry-edge-stack.ts'

/** `cdk deploy -c publicKey=public.pem`, in the directory of `cdk.json`. */
const app = new App()
const publicKeyFile = app.node.tryGetContext('publicKey') as string | undefined
const secondPublicKeyFile = app.node.tryGetContext('secondPublicKey') as string | undefined
if (publicKeyFile === undefined) {
  console.error('The public key is missing: -c publicKey=FILE (openssl pkey -in key.pem -pubout -out FILE)')
  process.exit(1)
}

new RegistryEdgeStack(app, 'longshore', {
  functionCode: readFileSync(new URL('../../function/registry-edge.js', import.meta.url), 'utf8'),
  publicKeys: {
    first: readFileSync(publicKeyFile, 'utf8'),
    ...(secondPublicKeyFile !== undefined && { second: readFileSync(secondPublicKeyFile, 'utf8') }),
  },
})
