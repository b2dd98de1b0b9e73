const hidden = '(not shown)'

/**
 * Removes secrets from a text of unknown origin, such as an error's stack: signatures and passwords in URLs, and credentials
 * of an `Authorization` header.
 */
export function withoutSecrets(text: string): string {
  return text
    .replaceAll(/(https?:\/\/)[^\s/@]+@/g, `$1${hidden}@`)
    .replaceAll(/(https?:\/\/[^\s?"'<>]+)\?[^\s"'<>]*/g, `$1?${hidden}`)
    .replaceAll(/\b(Bearer|Basic) [\w.~+/=-]{8,}/gi, `$1 ${hidden}`)
    .replaceAll(/\b(AWS4-HMAC-SHA256 |AWS (?=\w+:))[^\r\n]*/g, `$1${hidden}`)
}
