const replacements: Record<string, string> = { '+': '-', '=': '_', '/': '~' }

/** Encodes base64 in CloudFront's own alphabet, which is not the URL-safe one of RFC 4648: `-` for `+`, `_` for `=`, `~` for `/`. */
export function cloudFrontBase64(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return buffer.toString('base64').replace(/[+=/]/g, character => replacements[character] as string)
}

/** Decodes the same; undefined when `text` is not in that alphabet. */
export function fromCloudFrontBase64(text: string): Buffer | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9~-]+_{0,2}$/.test(text)) return undefined
  return Buffer.from(text.replaceAll('-', '+').replaceAll('_', '=').replaceAll('~', '/'), 'base64')
}
