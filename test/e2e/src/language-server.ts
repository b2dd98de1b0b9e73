import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = new URL('../../../', import.meta.url)

/** TypeScript's language server, as an editor uses it: JSON-RPC over stdin and stdout. */
export class LanguageServer implements AsyncDisposable {
  readonly #process: ChildProcess
  readonly #pending = new Map<number, (result: unknown) => void>()
  #received = Buffer.alloc(0)
  #requests = 0

  private constructor() {
    const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', root))
    this.#process = spawn(process.execPath, [tsc, '--lsp', '--stdio'], { cwd: fileURLToPath(root) })
    this.#process.stdout?.on('data', (chunk: Buffer) => this.#receive(chunk))
  }

  static async start(): Promise<LanguageServer> {
    const server = new LanguageServer()
    const textDocument = { hover: { contentFormat: ['markdown'] } }
    await server.#request('initialize', { processId: process.pid, rootUri: root.href, capabilities: { textDocument } })
    server.#notify('initialized', {})
    return server
  }

  /** Opens a program that need not be on disk. */
  open(file: string, text: string): void {
    const uri = uriOf(file)
    this.#notify('textDocument/didOpen', { textDocument: { uri, languageId: 'typescript', version: 1, text } })
  }

  /** Text of the tooltip at a position, both numbers from 0. */
  async hover(file: string, line: number, character: number): Promise<string> {
    const params = { textDocument: { uri: uriOf(file) }, position: { line, character } }
    const hover = (await this.#request('textDocument/hover', params)) as { contents: { value: string } } | null
    return hover?.contents.value ?? ''
  }

  /** Labels of what the editor proposes at a position. */
  async completions(file: string, line: number, character: number): Promise<string[]> {
    const params = { textDocument: { uri: uriOf(file) }, position: { line, character } }
    const list = (await this.#request('textDocument/completion', params)) as { items: { label: string }[] } | null
    return (list?.items ?? []).map(({ label }) => label)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise(resolve => this.#process.once('close', resolve))
    this.#process.kill()
    await closed
  }

  #request(method: string, params: object): Promise<unknown> {
    this.#requests += 1
    const id = this.#requests
    return new Promise(resolve => {
      this.#pending.set(id, resolve)
      this.#send({ id, method, params })
    })
  }

  #notify(method: string, params: object): void {
    this.#send({ method, params })
  }

  #send(message: object): void {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message })
    this.#process.stdin?.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    for (;;) {
      const end = this.#received.indexOf('\r\n\r\n')
      const size = Number(/Content-Length: (\d+)/.exec(this.#received.subarray(0, Math.max(0, end)).toString())?.[1])
      if (end < 0 || this.#received.length < end + 4 + size) return
      const body = this.#received.subarray(end + 4, end + 4 + size).toString()
      this.#received = this.#received.subarray(end + 4 + size)
      this.#answer(JSON.parse(body) as { id?: number; method?: string; params?: { items?: [] }; result?: unknown })
    }
  }

  #answer(message: { id?: number; method?: string; params?: { items?: [] }; result?: unknown }): void {
    if (message.id === undefined) return
    // A request of the server's own: it has no settings to ask for.
    if (message.method) this.#send({ id: message.id, result: message.params?.items?.map(() => null) ?? null })
    else this.#pending.get(message.id)?.(message.result)
  }
}

function uriOf(file: string): string {
  return pathToFileURL(fileURLToPath(new URL(file, root))).href
}
