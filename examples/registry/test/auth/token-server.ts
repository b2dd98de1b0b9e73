import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type JWK, SignJWT } from 'jose'
import { basic } from '../support/client.ts'

/** What a token server grants, in the form of the tokens' claim. */
export interface Grant {
  type: string
  class?: string
  name: string
  actions: string[]
}

/** How a token comes about. What is not said is as the registry of these tests wants it. */
export interface TokenInit {
  access?: unknown
  issuer?: string | undefined
  audience?: string | string[] | undefined
  subject?: string
  /** Seconds from now. */
  expiresIn?: number | undefined
  /** Seconds from now. */
  notBefore?: number
  header: { alg: string; kid?: string; x5c?: string[]; jwk?: JWK; crit?: string[] }
}

/** Signs a token. */
export function tokenWith(key: Parameters<SignJWT['sign']>[0], init: TokenInit): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const { access = [], issuer = 'the token server', audience = 'the registry', expiresIn = 300 } = init
  const token = new SignJWT({ access }).setProtectedHeader(init.header).setJti(randomUUID()).setIssuedAt(now)
  if ('issuer' in init ? init.issuer !== undefined : true) token.setIssuer(issuer)
  if ('audience' in init ? init.audience !== undefined : true) token.setAudience(audience)
  if ('expiresIn' in init ? init.expiresIn !== undefined : true) token.setExpirationTime(now + expiresIn)
  if (init.subject !== undefined) token.setSubject(init.subject)
  if (init.notBefore !== undefined) token.setNotBefore(now + init.notBefore)
  return token.sign(key)
}

/** A token server as Distribution's specification has it, for users whose password is their name. */
export interface TokenServer extends AsyncDisposable {
  readonly realm: string
  /** The scopes that it was asked for; to be emptied at will. */
  readonly asked: string[]
}

/** `rights` are what each user may do to each repository. Who signs is left to `sign`. */
export async function startTokenServer(
  rights: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>,
  sign: (access: Grant[], user: string) => Promise<string>,
): Promise<TokenServer> {
  const asked: string[] = []
  const tokenFor = async (request: IncomingMessage): Promise<string | undefined> => {
    const user = Object.keys(rights).find(name => basic(name, name).authorization === request.headers.authorization)
    const { searchParams } = new URL(request.url ?? '', 'http://localhost')
    if (user === undefined || searchParams.get('service') !== 'the registry') return undefined
    const scopes = searchParams.getAll('scope').flatMap(scope => scope.split(' '))
    asked.push(...scopes)
    const access = scopes.map(scope => {
      const [type = '', name = '', actions = ''] = scope.split(':')
      return { type, name, actions: actions.split(',').filter(action => rights[user]?.[name]?.includes(action)) }
    })
    return sign(access, user)
  }
  const server = createServer((request, response) => {
    void tokenFor(request).then(token => {
      response.writeHead(token === undefined ? 401 : 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ token }))
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    realm: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
}

/** Does a request as clients do: when it is refused it gets the token that the refusal asks for, and tries again. */
export async function fetchAs(user: string, url: string, init: RequestInit = {}): Promise<Response> {
  const refusal = await fetch(url, init)
  if (refusal.status !== 401) return refusal
  const parameters = challengeOf(refusal)
  const { realm = '', service = '', scope } = parameters
  const query = new URLSearchParams({ service, ...(scope !== undefined && { scope }) })
  const response = await fetch(`${realm}?${query.toString()}`, { headers: basic(user, user) })
  const { token } = (await response.json()) as { token: string }
  return fetch(url, { ...init, headers: { authorization: `Bearer ${token}` } })
}

/** The parameters of a refusal's challenge, of which only `Bearer` is known. */
export function challengeOf(refusal: Response): Record<string, string> {
  const challenge = refusal.headers.get('www-authenticate') ?? ''
  if (!challenge.startsWith('Bearer ')) throw new Error(`not a challenge for a bearer: ${challenge}`)
  return Object.fromEntries(Array.from(challenge.matchAll(/(\w+)="([^"]*)"/g), ([, name, value]) => [name, value]))
}
