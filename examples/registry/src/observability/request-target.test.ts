import { describe, expect, it } from '@jest/globals'
import { originForm, redactUrl } from './request-target.ts'

describe('the origin form', () => {
  it.each([
    ['/v2/', '/v2/'],
    ['/v2/http://x/y', '/v2/http://x/y'],
    ['//x/v2/', '//x/v2/'],
    ['http://registry.example/v2/?n=5', '/v2/?n=5'],
    ['HTTPS://[::1]:5000/v2/a/b', '/v2/a/b'],
    ['http://user:secret@x/v2/', '/v2/'],
    ['http://x', '/'],
    ['http://x?n=/5', '/?n=/5'],
    ['*', '/*'],
    ['mailto:x@y', '/mailto:x@y'],
  ])('of %s is %s', (target, expected) => {
    expect(originForm(target)).toBe(expected)
  })
})

describe('a log line', () => {
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
})
