import { createHash } from 'node:crypto'
import { GetBucketCorsCommand } from '@aws-sdk/client-s3'
import type { UploadForm } from '@longshore/middleware-core'
import type { Check, Finding, Outcome } from '@longshore/middleware-core/cli'
import { type HttpAnswer, codeOf, describeStatus, sendRequest } from './http-request.ts'
import type { Probe } from './probe.ts'
import { problems } from './problems.ts'
import { readSetting } from './read-setting.ts'

/** Answer of a bucket with Object Lock. A form has none. */
const wantsChecksum: Outcome = { skipped: 'the bucket takes no upload without a checksum' }

/** Makes the checks of URLs and forms that clients get. */
export function urlChecks(probe: Probe): Check[] {
  const { storage, options } = probe
  const { skipVerify } = options
  const { uploadUrls, uploadForms } = storage.capabilities
  const checks: Check[] = [
    { name: 'url', title: 'a presigned URL is served', after: ['put', 'get'], run: signal => tryUrl(signal) },
  ]
  if (uploadUrls) {
    checks.push({
      name: 'upload-url',
      title: 'an upload by URL is taken',
      after: ['put'],
      run: signal => tryPut(signal),
    })
  }
  if (uploadForms) {
    checks.push({
      name: 'upload-form',
      title: 'an upload by form is taken',
      after: ['put'],
      run: signal => tryForm(signal),
    })
  }
  checks.push({
    name: 'cors',
    title: 'pages of other origins, for direct uploads',
    after: ['bucket'],
    run: signal => cors(signal),
  })
  return checks

  async function tryUrl(signal: AbortSignal): Promise<Outcome> {
    await probe.writeObject(signal)
    // As a service does before it gives out a URL. From the answer the SDK learns what time it is at the server.
    await storage.stat(probe.object, { signal })
    const signed = await storage.urlFor(probe.object, { signal })
    if (!signed) return { skipped: 'the driver gives no URL' }
    const { host } = new URL(signed.url)
    const answer = await attempt(host, () => sendRequest(signed.url, { skipVerify, signal }), signal)
    if ('problem' in answer) return { findings: [answer] }
    if (answer.status === 200 && probe.content.equals(answer.body)) return { evidence: host }
    const evidence = `GET ${host}: ${describeStatus(answer)}${answer.status === 200 ? ', other content' : ''}`
    return { findings: [refusal(answer, evidence, problems.urlRefused)] }
  }

  async function tryPut(signal: AbortSignal): Promise<Outcome> {
    const outcome = await put(signal)
    if (outcome !== wantsChecksum) return outcome
    // Not from the start: some servers refuse URLs whose signature covers the digest.
    const sha256 = createHash('sha256').update(probe.content).digest('hex')
    return put(signal, sha256)
  }

  async function put(signal: AbortSignal, sha256?: string): Promise<Outcome> {
    const { length: size } = probe.content
    const { url, headers } = await storage.uploadUrlFor(probe.newFile('put-by-url'), { size, sha256, signal })
    const request = { method: 'PUT', headers, body: probe.content, skipVerify, signal } as const
    return upload(url, () => sendRequest(url, request), signal)
  }

  async function tryForm(signal: AbortSignal): Promise<Outcome> {
    const form = await storage.uploadFormFor(probe.newFile('put-by-form'), {
      size: { max: probe.content.length },
      signal,
    })
    const { type, body } = await multipartOf(form, probe.content)
    const headers = { 'content-type': type, 'content-length': String(body.length) }
    return upload(form.url, () => sendRequest(form.url, { method: 'POST', headers, body, skipVerify, signal }), signal)
  }

  async function upload(url: string, send: () => Promise<HttpAnswer>, signal: AbortSignal): Promise<Outcome> {
    const { host } = new URL(url)
    const answer = await attempt(host, send, signal)
    if ('problem' in answer) return { findings: [answer] }
    if (answer.status < 300) return {}
    if (answer.status === 400 && /content-md5|checksum/i.test(answer.body.toString('latin1'))) return wantsChecksum
    if (answer.status === 501 || answer.status === 405)
      return { skipped: `the server has none: ${describeStatus(answer)}` }
    return { findings: [refusal(answer, `${host}: ${describeStatus(answer)}`, problems.uploadRefused)] }
  }

  /** Sends a request; a finding where it does not arrive, though the driver's own do. */
  async function attempt(
    host: string,
    send: () => Promise<HttpAnswer>,
    signal: AbortSignal,
  ): Promise<HttpAnswer | Finding> {
    try {
      return await send()
    } catch (error) {
      signal.throwIfAborted()
      const isElsewhere = options.redirectEndpoint !== undefined
      const problem = isElsewhere ? problems.redirectEndpoint : problems.unreachable
      return { problem, evidence: `${host}: ${codeOf(error)}` }
    }
  }

  /** Finding for a refused request. Anything but a denial is because of the other host, where URLs lead to one. */
  function refusal(answer: HttpAnswer, evidence: string, problem: Finding['problem']): Finding {
    const isDenial = answer.status === 403 && /<Code>AccessDenied<\/Code>/.test(answer.body.toString('latin1'))
    const isElsewhere = options.redirectEndpoint !== undefined && !isDenial
    return { problem: isElsewhere ? problems.redirectEndpoint : problem, evidence }
  }

  async function cors(signal: AbortSignal): Promise<Outcome> {
    const { client, name } = probe.bucket
    const command = new GetBucketCorsCommand({ Bucket: name })
    const found = await readSetting(probe, 's3:GetBucketCORS', o => client.send(command, o), signal)
    if (found.hidden !== undefined) return { skipped: found.hidden }
    const origins = found.value?.CORSRules?.flatMap(rule => rule.AllowedOrigins ?? []) ?? []
    return { evidence: origins.length === 0 ? 'none may' : [...new Set(origins)].join(', ') }
  }
}

/** Form as browsers send it: `file` is last. */
async function multipartOf(form: UploadForm, content: Uint8Array): Promise<{ type: string; body: Buffer }> {
  const data = new FormData()
  for (const [name, value] of Object.entries(form.fields)) data.append(name, value)
  data.append('file', new Blob([new Uint8Array(content)]), 'file')
  const encoded = new Response(data)
  return { type: encoded.headers.get('content-type') ?? '', body: Buffer.from(await encoded.arrayBuffer()) }
}
