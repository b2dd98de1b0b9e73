import type { Operation, Outcome, Upload } from './operation.ts'

/** Contents that a sequence has stored so far: paths of files and of uploads that were closed, not committed. */
export class StoredPaths {
  readonly #files = new Set<string>()
  readonly #uploads = new Set<string>()
  /** Paths where a newer upload was started while an older one was left. The result of the older one is not defined. */
  readonly #overtaken = new Set<string>()

  /** True where the contract defines the result of the operation, so that two drivers can be compared. */
  defines(operation: Operation): boolean {
    const { kind } = operation
    if (kind === 'putContent') return this.#canHoldFile(operation.path)
    if (kind === 'upload') return this.#definesUpload(operation)
    if (kind === 'move') return operation.source === operation.destination || this.#canHoldFile(operation.destination)
    if (kind === 'delete') return !this.#left().some(upload => isWithin(upload, operation.path))
    return true
  }

  /** Keeps up with an operation. */
  note(operation: Operation, outcome: Outcome): void {
    if ('error' in outcome) return
    const { kind } = operation
    if (kind === 'putContent') this.#files.add(operation.path)
    if (kind === 'upload') {
      if (!operation.append && this.#uploads.has(operation.path)) this.#overtaken.add(operation.path)
      if (operation.end === 'close') this.#uploads.add(operation.path)
      else this.#uploads.delete(operation.path)
      if (operation.end.endsWith('commit')) this.#files.add(operation.destination)
    }
    if (kind === 'move') {
      this.#files.delete(operation.source)
      this.#files.add(operation.destination)
    }
    if (kind === 'delete' && operation.fileOnly) this.#files.delete(operation.path)
    else if (kind === 'delete') {
      for (const file of this.#files) if (isWithin(file, operation.path)) this.#files.delete(file)
    }
  }

  #definesUpload({ path, destination, append }: Upload): boolean {
    if (!this.#canHoldFile(path)) return false
    if (append && this.#overtaken.has(path) && !this.#uploads.has(path)) return false
    if (destination === path) return true
    // What was committed at the path may be gone with the commit; and on its way the file may lie there.
    if (this.#files.has(path) || isWithin(path, destination) || isWithin(destination, path)) return false
    return this.#canHoldFile(destination)
  }

  #left(): string[] {
    return [...this.#uploads, ...this.#overtaken]
  }

  /** No file, nor one that is still being uploaded, may lie above or below a file. */
  #canHoldFile(path: string): boolean {
    const others = [...this.#files, ...this.#left()].filter(other => other !== path)
    return !others.some(other => isWithin(other, path) || isWithin(path, other))
  }
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`)
}
