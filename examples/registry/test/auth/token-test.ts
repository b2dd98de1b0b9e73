import { createPrivateKey } from 'node:crypto'
import { afterEach, beforeEach } from '@jest/globals'
import { type Certified, certify, publicKeyOf } from '@longshore/local-cloud'
import type { RegistryOptions } from '../../src/app.ts'
import { libtrustKeyId } from '../../src/auth/certificates.ts'
import { type Folder, temporaryFolder } from '../support/folder.ts'
import { type GuardedRegistry, startGuarded } from '../support/guarded-registry.ts'
import { type TokenInit, tokenWith } from './token-server.ts'

/** A token server's key, and registries that take its tokens, for each test of a file. */
export interface TokenTest {
  readonly folder: Folder
  /** The certificate that tokens are signed with. */
  signer: Certified
  /** A registry that takes tokens signed with the test's certificate. The options are those of `auth.token`. */
  start(options?: Record<string, unknown>, more?: RegistryOptions): Promise<GuardedRegistry>
  /** A token by the test's key, which is called as Distribution calls it. */
  signed(init?: Partial<TokenInit>): Promise<string>
  /** Ends something after the test. */
  endLater(resource: AsyncDisposable): void
}

export function tokenTest(): TokenTest {
  const resources: AsyncDisposable[] = []
  const test: TokenTest = {
    folder: temporaryFolder(),
    signer: { cert: '', key: '' },
    async start(options = {}, more = {}) {
      const token = {
        realm: 'https://auth.example.com/token',
        service: 'the registry',
        issuer: 'the token server',
        rootcertbundle: await test.folder.write('bundle.pem', test.signer.cert),
        ...options,
      }
      const given = Object.fromEntries(Object.entries(token).filter(([, value]) => value !== undefined))
      const registry = await startGuarded(`auth: ${JSON.stringify({ token: given })}`, more)
      test.endLater(registry)
      return registry
    },
    signed(init = {}) {
      const kid = libtrustKeyId(publicKeyOf(test.signer))
      return tokenWith(createPrivateKey(test.signer.key), { header: { alg: 'ES256', kid }, ...init })
    },
    endLater: resource => void resources.push(resource),
  }
  beforeEach(() => {
    test.signer = certify({ name: 'the token server' })
  })
  afterEach(async () => {
    for (const resource of resources.splice(0)) await resource[Symbol.asyncDispose]()
  })
  return test
}

export function get({ url }: { url: string }, path: string, token?: string, method = 'GET'): Promise<Response> {
  return fetch(`${url}${path}`, { method, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })
}

/** Access to a repository, as a token grants it. */
export const pull = (name: string) => ({ type: 'repository', name, actions: ['pull'] })
