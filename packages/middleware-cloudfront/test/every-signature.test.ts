import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { verify } from 'node:crypto'
import { type LocalCloud, startLocalCloud } from '@longshore/local-cloud'
import { type DenialReason, explain } from '../src/explain/index.ts'
import { type HashAlgorithm, type Signer, type SigningOptions, createSigner } from '../src/index.ts'
import { readSignedUrl } from './signed-url.ts'
import { ecKey, rsaKey } from './signing-keys.ts'

/** Every kind of signature, as the public key, the edge and our own explanation see it. */
const keys = { RSA: rsaKey(), EC: ecKey() }
const publicKeys = { RSA: keys.RSA.publicKey, EC: keys.EC.publicKey }
const noon = Date.UTC(2030, 0, 1, 12)
const expiresAt = new Date(noon + 60_000)
const notBefore = new Date(noon - 60_000)
const clientIp = '192.0.2.7'

let viewer = { now: noon, ip: clientIp }
let cloud: LocalCloud
beforeAll(async () => {
  cloud = await startLocalCloud({ edge: { now: () => viewer.now, viewerAddress: () => viewer.ip } })
  for (const [id, { publicKey }] of Object.entries(keys)) cloud.edge.trust(id, publicKey)
  for (const key of ['a', 'b']) await cloud.s3.bucket(cloud.bucket).put(key, 'content')
})
afterAll(() => cloud.close())

const policies: Record<string, SigningOptions> = {
  canned: { expiresAt },
  custom: { expiresAt, policy: 'custom' },
  'custom for an address': { expiresAt, ipAddress: '192.0.2.0/24' },
  'custom with a beginning': { expiresAt, notBefore },
}

/** A request that should be served, or refused for the reason given. */
interface Try {
  readonly url: string
  readonly cookies?: Readonly<Record<string, string>>
  readonly now?: number
  readonly ip?: string
  readonly reason?: DenialReason | undefined
}

/** Asks the edge and the explanation; both must agree. */
async function attempt({ url, cookies, now = noon, ip = clientIp, reason }: Try): Promise<void> {
  viewer = { now, ip }
  const cookie = Object.entries(cookies ?? {}).map(([name, value]) => `${name}=${value}`)
  const answer = await fetch(url, { headers: cookie.length > 0 ? { cookie: cookie.join('; ') } : {} })
  const body = await answer.text()
  const explained = explain(cookies ?? url, publicKeys, { now: new Date(now), clientIp: ip, url })
  expect(explained.denial?.reason).toBe(reason)
  expect(answer.status).toBe(reason === undefined ? 200 : 403)
  expect(body).toContain(explained.denial ? `<Code>${explained.denial.code}</Code>` : 'content')
}

/** The edges of what the policy allows, in time, place and address. */
async function attemptAll(policy: string, request: Try, elsewhere: Try): Promise<void> {
  await attempt(request)
  await attempt({ ...request, now: expiresAt.getTime() - 1 })
  await attempt({ ...request, now: expiresAt.getTime(), reason: 'expired' })
  await attempt(elsewhere)
  const begins = policy === 'custom with a beginning'
  await attempt({ ...request, now: notBefore.getTime() + 999, reason: begins ? 'not-yet-valid' : undefined })
  await attempt({ ...request, now: notBefore.getTime() + 1000 })
  const isBound = policy === 'custom for an address'
  await attempt({ ...request, ip: '192.0.3.7', reason: isBound ? 'wrong-address' : undefined })
  await attempt({ ...request, ip: '2001:db8::1', reason: isBound ? 'wrong-address' : undefined })
}

const combinations = (['RSA', 'EC'] as const).flatMap(type =>
  (['SHA1', 'SHA256'] as const).flatMap(hash => Object.keys(policies).map(policy => [type, hash, policy] as const)),
)

describe.each(combinations)('%s, %s, %s', (type, hashAlgorithm, policy) => {
  const signer: Signer = createSigner({ keyPairId: type, privateKey: keys[type].pem, hashAlgorithm })
  const terms = policies[policy] as SigningOptions

  it('in a URL', async () => {
    const { url } = await signer.signUrl(`${cloud.edge.baseUrl}a`, terms)
    expect(isVerified(url, type, hashAlgorithm)).toBe(true)
    // A canned policy is made of the URL, so that another URL has another signature.
    const reason = policy === 'canned' ? 'wrong-signature' : 'wrong-resource'
    await attemptAll(policy, { url }, { url: url.replace('/a?', '/b?'), reason })
  })

  it('in cookies', async () => {
    const { baseUrl } = cloud.edge
    const { cookies } = await signer.signCookies(`${baseUrl}a`, terms)
    const reason = policy === 'canned' ? 'wrong-signature' : 'wrong-resource'
    await attemptAll(policy, { url: `${baseUrl}a`, cookies }, { url: `${baseUrl}b`, cookies, reason })
  })
})

it('opens everything below a directory with cookies for a pattern', async () => {
  const { baseUrl } = cloud.edge
  const signer = createSigner({ keyPairId: 'EC', privateKey: keys.EC.pem })
  const { cookies } = await signer.signCookies(`${baseUrl}*`, { expiresAt })
  await attempt({ url: `${baseUrl}a`, cookies })
  await attempt({ url: `${baseUrl}b?c=d`, cookies })
})

/** What was signed is in the URL, or is made of it as CloudFront does. */
function isVerified(url: string, type: keyof typeof keys, hash: HashAlgorithm): boolean {
  const policy = new URL(url).searchParams.get('Policy')
  const text = policy === null ? cannedText(url) : Buffer.from(fromCloudFront(policy), 'base64')
  const signature = Buffer.from(fromCloudFront(new URL(url).searchParams.get('Signature') ?? ''), 'base64')
  return verify(hash, text, keys[type].publicKey, signature)
}

function cannedText(url: string): Buffer {
  const { resource, expires } = readSignedUrl(url)
  return Buffer.from(
    `{"Statement":[{"Resource":"${resource}","Condition":{"DateLessThan":{"AWS:EpochTime":${expires}}}}]}`,
  )
}

const fromCloudFront = (text: string): string => text.replaceAll('-', '+').replaceAll('_', '=').replaceAll('~', '/')
