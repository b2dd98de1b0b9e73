/** CloudFront's own alphabet: base64 with `+`, `=`, `/` as `-`, `_`, `~`. `undefined` for what is none. */
export function decodeCloudFrontBase64(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9~-]+_{0,2}$/.test(text) || text.length % 4 !== 0) return undefined
  return Buffer.from(text.replaceAll('-', '+').replaceAll('_', '=').replaceAll('~', '/'), 'base64')
}
