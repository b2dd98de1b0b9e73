import { expect, it } from '@jest/globals'
import { withoutSecrets } from './without-secrets.ts'

it.each([
  [
    'GET https://b.s3.amazonaws.com/k?X-Amz-Signature=hush&x=1 failed',
    'GET https://b.s3.amazonaws.com/k?(not shown) failed',
  ],
  ['at "https://user:hush@host/path"', 'at "https://(not shown)@host/path"'],
  ['authorization: Bearer hush.hush.hush', 'authorization: Bearer (not shown)'],
  ['Authorization: basic aHVzaDpodXNo', 'Authorization: basic (not shown)'],
  ['AWS4-HMAC-SHA256 Credential=AK/x, Signature=hush', 'AWS4-HMAC-SHA256 (not shown)'],
  ['AWS AKIA123:hush=', 'AWS (not shown)'],
  ['nothing to hide at https://host/path', 'nothing to hide at https://host/path'],
])('leaves the secret out of: %s', (text, shown) => {
  expect(withoutSecrets(text)).toBe(shown)
})
