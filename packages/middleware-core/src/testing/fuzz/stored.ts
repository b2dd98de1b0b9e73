import type { Operation, Outcome } from './operation.ts'

/** What a sequence has stored so far: paths of files and of uploads that were closed, not committed. */
export class Stored {
  readonly #files = new Set<string>()
  readonly #uploads = new Set<string>()

  /** Whether the contract says what comes of the operation, so that two drivers can be compared. */
  defines(operation: Operation): boolean {
    switch (operation.kind) {
      case 'putContent':
        return this.#canHoldFile(operation.path)
      case 'upload':
        if (!this.#canHoldFile(operation.path)) return false
        return operation.append || !this.#uploads.has(operation.path)
      case 'move':
        return operation.source === operation.destination || this.#canHoldFile(operation.destination)
      case 'delete':
        return ![...this.#uploads].some(upload => isWithin(upload, operation.path))
      case 'getContent':
      case 'reader':
      case 'stat':
      case 'list':
      case 'walk':
      case 'switch to another driver':
        return true
    }
  }

  /** Keeps up with an operation. */
  note(operation: Operation, outcome: Outcome): void {
    if ('error' in outcome) return
    switch (operation.kind) {
      case 'putContent':
        this.#files.add(operation.path)
        break
      case 'upload':
        if (operation.end === 'close') this.#uploads.add(operation.path)
        else this.#uploads.delete(operation.path)
        if (operation.end.endsWith('commit')) this.#files.add(operation.path)
        break
      case 'move':
        this.#files.delete(operation.source)
        this.#files.add(operation.destination)
        break
      case 'delete':
        for (const file of this.#files) if (isWithin(file, operation.path)) this.#files.delete(file)
        break
      case 'getContent':
      case 'reader':
      case 'stat':
      case 'list':
      case 'walk':
      case 'switch to another driver':
        break
    }
  }

  /** No file, nor one that is still being uploaded, may lie above or below a file. */
  #canHoldFile(path: string): boolean {
    const others = [...this.#files, ...this.#uploads].filter(other => other !== path)
    return !others.some(other => isWithin(other, path) || isWithin(path, other))
  }
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`)
}
