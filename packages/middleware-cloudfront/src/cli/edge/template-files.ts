import { readFile } from 'node:fs/promises'

/** Directory of the templates, laid out as `examples/aws`. */
export class TemplateFiles {
  readonly #directory: URL

  constructor(directory: URL) {
    this.#directory = directory
  }

  read(file: string): Promise<string> {
    return readFile(new URL(file, this.#directory), 'utf8')
  }

  /** Contents of files by the paths that they are written to, which are their own, or are given with them. */
  async readAll(files: readonly (string | readonly [file: string, target: string])[]): Promise<Map<string, string>> {
    const found = new Map<string, string>()
    for (const entry of files) {
      const [file, target] = typeof entry === 'string' ? [entry, entry] : entry
      found.set(target, await this.read(file))
    }
    return found
  }
}
