import { RegistryError } from './errors.ts'

/**
 * Depth to which lists and maps may be nested. Manifests need six or so. To parse two million nested lists takes seconds, in
 * which nobody else is served.
 */
const MAX_DEPTH = 100

/**
 * Entries of all lists and maps together. An index of 10,000 manifests, each with a platform and a few annotations,
 * has half as many. Two million empty maps, or half a million names, take a good part of a second.
 */
const MAX_ENTRIES = 200_000

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c]
const [openList, closeList, openMap, closeMap] = [0x5b, 0x5d, 0x7b, 0x7d]

/** Parses a manifest's bytes, of whatever form. Throws `MANIFEST_INVALID` where that would take too long. */
export function parseManifestJson(content: Uint8Array): unknown {
  assertSimple(content)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content))
  } catch (error) {
    throw invalid(`not JSON: ${(error as Error).message}`)
  }
}

/** Counts in one pass over the bytes. Where they are no JSON it may count wrongly, but only behind what a parser reads. */
function assertSimple(content: Uint8Array): void {
  let [depth, entries, isText] = [0, 0, false]
  for (let at = 0; at < content.length && entries <= MAX_ENTRIES; at += 1) {
    const byte = content[at]
    if (isText) {
      if (byte === backslash) at += 1
      else if (byte === quote) isText = false
    } else if (byte === quote) isText = true
    else if (byte === comma) entries += 1
    else if (byte === openList || byte === openMap) {
      entries += 1
      depth += 1
      if (depth > MAX_DEPTH) throw invalid(`lists and maps are more than ${MAX_DEPTH} deep in each other`)
    } else if (byte === closeList || byte === closeMap) depth -= 1
  }
  if (entries > MAX_ENTRIES) throw invalid(`more than ${MAX_ENTRIES} entries of lists and maps`)
}

function invalid(problem: string): RegistryError {
  return new RegistryError('MANIFEST_INVALID', problem)
}
