import { Agent, get } from 'node:http'
import { inParallel } from './in-parallel.ts'

/** Asks for each of the paths once, so many at a time; each has to be answered with a redirect. Returns how many a second. */
export async function pullEach(authority: string, paths: readonly string[], atOnce: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce })
  const begun = performance.now()
  try {
    await inParallel(paths.length, atOnce, index => redirected(`http://${authority}${paths[index]}`, agent))
  } finally {
    agent.destroy()
  }
  return (paths.length / (performance.now() - begun)) * 1000
}

function redirected(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = get(url, { agent }, answer => {
      answer.resume().once('end', () => {
        if (answer.statusCode === 307) resolve()
        else reject(new Error(`GET ${url}: ${answer.statusCode}`))
      })
    })
    outgoing.once('error', reject)
  })
}

/** Reads what is at a path, or a range of its bytes; it has to be sent by the server itself. Returns how many bytes came. */
export function drain(authority: string, path: string, range?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const url = `http://${authority}${path}`
    const outgoing = get(url, { headers: range === undefined ? {} : { range } }, answer => {
      let bytes = 0
      answer.on('data', (chunk: Buffer) => (bytes += chunk.length)).once('error', reject)
      answer.once('end', () => {
        if (answer.statusCode === (range === undefined ? 200 : 206)) resolve(bytes)
        else reject(new Error(`GET ${url}: ${answer.statusCode}`))
      })
    })
    outgoing.once('error', reject)
  })
}
