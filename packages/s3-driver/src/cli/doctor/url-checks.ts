import { createHash, randomBytes } from 'node:crypto'
import type { StorageDriver } from '@longshore/middleware-core'
import type { Check, Outcome, Problem } from '@longshore/middleware-core/cli'
import { problems } from './problems.ts'

/** Makes the checks of what clients do without the service: with the driver's own presigned requests. */
export function urlChecks(storage: StorageDriver, scratch: string): Check[] {
  const content = randomBytes(1024)
  const sha256 = createHash('sha256').update(content).digest('hex')
  const path = `${scratch}/upload`
  return [
    {
      name: 'url',
      title: 'a presigned URL gives the file',
      after: ['put', 'get'],
      run: async signal => {
        await storage.putContent(`${scratch}/presigned`, content, { signal })
        const signed = await storage.urlFor(`${scratch}/presigned`, { signal })
        if (!signed) return { skipped: 'the driver signs none' }
        return outcomeOf(signed.url, { signal }, problems.urlRefused)
      },
    },
    {
      name: 'upload-url',
      title: 'a presigned PUT is accepted',
      after: ['put'],
      run: async signal => {
        const { url, headers } = await storage.uploadUrlFor(path, { size: content.length, sha256, signal })
        return outcomeOf(url, { method: 'PUT', headers, body: content, signal }, problems.uploadUrlRefused)
      },
    },
    {
      name: 'upload-form',
      title: "a browser's form is accepted",
      after: ['put'],
      run: async signal => {
        const { url, fields } = await storage.uploadFormFor(path, {
          size: { min: content.length, max: content.length },
          signal,
        })
        const body = new FormData()
        for (const [name, value] of Object.entries(fields)) body.append(name, value)
        body.append('file', new Blob([content]))
        return outcomeOf(url, { method: 'POST', body, signal }, problems.uploadUrlRefused)
      },
    },
  ]
}

async function outcomeOf(
  url: string,
  request: RequestInit & { signal: AbortSignal },
  problem: Problem,
): Promise<Outcome> {
  const { method = 'GET', signal } = request
  const { host } = new URL(url)
  try {
    const response = await fetch(url, request)
    const body = await response.text()
    if (response.ok) return { evidence: host }
    const code = /<Code>([^<]*)<\/Code>/.exec(body)?.[1]
    return {
      findings: [{ problem, evidence: `${method} at ${host}: ${[response.status, code].filter(Boolean).join(' ')}` }],
    }
  } catch (error) {
    signal.throwIfAborted()
    const { cause } = Object(error) as { cause?: { code?: string; message?: string } }
    return {
      findings: [{ problem, evidence: `${method} at ${host}: ${cause?.code ?? cause?.message ?? String(error)}` }],
    }
  }
}
