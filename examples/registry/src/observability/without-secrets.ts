const hidden = '(not shown)'

/**
 * A text of unknown origin, such as an error's stack, for a log line: what signs a URL, passwords in one and credentials in
 * an `Authorization` header are left out.
 */
export function withoutSecrets(text: string): string {
  return text
    .replaceAll(/(https?:\/\/)[^\s/@]+@/g, `$1${hidden}@`)
    .replaceAll(/(https?:\/\/[^\s?"'<>]+)\?[^\s"'<>]*/g, `$1?${hidden}`)
    .replaceAll(/\b(Bearer|Basic) [\w.~+/=-]{8,}/gi, `$1 ${hidden}`)
    .replaceAll(/\b(AWS4-HMAC-SHA256 |AWS (?=\w+:))[^\r\n]*/g, `$1${hidden}`)
}
