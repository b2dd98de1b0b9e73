import { expect, it } from '@jest/globals'
import { originForm } from './origin-form.ts'

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
])('%s asks for %s', (target, expected) => {
  expect(originForm(target)).toBe(expected)
})
