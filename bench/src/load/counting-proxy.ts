import { Agent, type IncomingMessage, type ServerResponse, createServer, request } from 'node:http'
import { type AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'

/** Stands before an S3 server and counts the requests to it. */
export interface CountingProxy extends AsyncDisposable {
  /** `http://localhost:PORT` */
  readonly endpoint: string
  /** How many requests came since this was asked last, once no more come. Without a condition, all of them. */
  taken(counts?: (request: IncomingMessage) => boolean): Promise<number>
}

/** How long nothing must happen until everything counts as done, in milliseconds. */
const quiet = 300

/** Starts a proxy. Requests pass as they are: the name and the port that they were signed for are the proxy's own. */
export async function startCountingProxy(endpoint: string): Promise<CountingProxy> {
  const target = new URL(endpoint)
  const agent = new Agent({ keepAlive: true })
  let requests: IncomingMessage[] = []
  const underWay = new Set<IncomingMessage>()
  const forward = async (incoming: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const { method, url: path, rawHeaders: headers } = incoming
    const { hostname, port } = target
    const outgoing = request({ hostname, port, method, path, headers, agent })
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve).once('error', reject)
    })
    const [response] = await Promise.all([answered, pipeline(incoming, outgoing)])
    answer.writeHead(response.statusCode ?? 502, response.rawHeaders)
    await pipeline(response, answer)
  }
  const server = createServer((incoming, answer) => {
    requests.push(incoming)
    underWay.add(incoming)
    void forward(incoming, answer)
      .catch(() => answer.destroy())
      .finally(() => underWay.delete(incoming))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://localhost:${port}`,
    async taken(counts = () => true) {
      for (let seen = -1; seen !== requests.length || underWay.size > 0; await wait(quiet)) seen = requests.length
      const count = requests.filter(counts).length
      requests = []
      return count
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      agent.destroy()
    },
  }
}
