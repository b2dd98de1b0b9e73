import { Agent, type IncomingMessage, request } from 'node:http'

/** Sends a request on a connection of its own, as a balancer may do: workers take turns by connection. */
export function freshRequest(
  url: string,
  { method = 'GET', body, headers = {} }: { method?: string; body?: Uint8Array; headers?: Record<string, string> } = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(url, { method, headers, agent: new Agent() }, answer => resolve(answer.resume()))
      .on('error', reject)
      .end(body)
  })
}

/** Sends such a request, and gives the status of its answer. */
export async function freshStatus(url: string, method = 'GET'): Promise<number | undefined> {
  return (await freshRequest(url, { method })).statusCode
}
