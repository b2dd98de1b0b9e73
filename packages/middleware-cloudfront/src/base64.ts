const replacements: Record<string, string> = { '+': '-', '=': '_', '/': '~' }

/** Base64 in CloudFront's own alphabet, which is not the URL-safe one of RFC 4648: `-` for `+`, `_` for `=`, `~` for `/`. */
export function cloudFrontBase64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/[+=/]/g, character => replacements[character] as string)
}
