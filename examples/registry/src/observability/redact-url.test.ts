import { expect, it } from '@jest/globals'
import { redactUrl } from './redact-url.ts'

it.each([
  ['/v2/', '/v2/'],
  ['/v2/a/tags/list?n=5&last=v1', '/v2/a/tags/list?n=5&last=v1'],
  ['/v2/a/blobs/uploads/?digest=sha256:ab&mount=x', '/v2/a/blobs/uploads/?digest=sha256:ab&mount=x'],
  ['/v2/a/blobs/uploads/1?_state=abc.def==', '/v2/a/blobs/uploads/1?_state=(not shown)'],
  ['/x?token=a=b?c&n=1', '/x?token=(not shown)&n=1'],
  ['/x?token=', '/x?token=(not shown)'],
  ['/x?flag', '/x?flag'],
  ['/x?', '/x?'],
  ['http://user:secret@host:5000/v2/?token=a', '/v2/?token=(not shown)'],
])('shows %s as %s', (url, shown) => {
  expect(redactUrl(url)).toBe(shown)
})
