import { describe, expect, it } from '@jest/globals'
import { distributionUrl, encodeKey } from './url-encoding.ts'

describe('a key in a URL', () => {
  it('keeps its slashes and escapes what a client would change or a server would misread', () => {
    expect(encodeKey('a b/c+d/e:f@g/100%/ü/q?r#s')).toBe('a%20b/c%2Bd/e%3Af%40g/100%25/%C3%BC/q%3Fr%23s')
  })

  it('is sent by an HTTP client as it is signed', () => {
    for (let code = 0x20; code < 0x2000; code++) {
      const url = `https://d111111abcdef8.cloudfront.net/${encodeKey(`k${String.fromCharCode(code)}k`)}`
      expect(new URL(url).href).toBe(url)
    }
  })
})

describe('the URL of a distribution', () => {
  it.each([
    ['d111111abcdef8.cloudfront.net', 'https://d111111abcdef8.cloudfront.net/'],
    ['https://d111111abcdef8.cloudfront.net', 'https://d111111abcdef8.cloudfront.net/'],
    ['https://D111111ABCDEF8.cloudfront.net:443/', 'https://d111111abcdef8.cloudfront.net/'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/'],
    ['localhost:8080', 'https://localhost:8080/'],
    ['https://cdn.example.com/images', 'https://cdn.example.com/images/'],
    ['https://cdn.example.com/a b/c+d/%7e/%2F//', 'https://cdn.example.com/a%20b/c%2Bd/~/%2F/'],
  ])('%s is %s', (text, url) => {
    expect(distributionUrl(text)).toBe(url)
  })

  it.each([
    'https://',
    'ftp://cdn.example.com',
    'https://cdn.example.com/?',
    'https://cdn.example.com/?a=b',
    'https://cdn.example.com/#a',
    'https://me@cdn.example.com/',
    'https://me:word@cdn.example.com/',
    'https://cdn.example.com/%',
    'two words',
  ])('%s is none', text => {
    expect(distributionUrl(text)).toBeUndefined()
  })
})
