/** Grammars of the OCI distribution specification, "Pulling manifests". */
const repository = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/
const tag = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/
/** Distribution's purger recognises an upload by this form of its id, in whatever version of UUID. */
const uploadId = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Many clients limit a name, together with the registry's host, to 255 characters. */
const MAX_NAME_LENGTH = 255

export function isRepositoryName(text: string): boolean {
  return text.length <= MAX_NAME_LENGTH && repository.test(text)
}

export function isTag(text: string): boolean {
  return tag.test(text)
}

export function isUploadId(text: string): boolean {
  return uploadId.test(text)
}
