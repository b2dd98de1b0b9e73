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
