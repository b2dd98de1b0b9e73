import { describe, expect, it } from '@jest/globals'
import { setCookieHeaders } from '../index.ts'

describe('Set-Cookie', () => {
  const signed = { cookies: { 'CloudFront-Expires': '1', 'CloudFront-Signature': 'a~b_' }, expiresAt: new Date(1000) }

  it('is one header for each cookie, for https, no script and no longer than the session', () => {
    expect(setCookieHeaders(signed)).toEqual([
      'CloudFront-Expires=1; Path=/; Secure; HttpOnly',
      'CloudFront-Signature=a~b_; Path=/; Secure; HttpOnly',
    ])
  })

  it('takes other attributes', () => {
    const attributes = {
      domain: 'example.com',
      path: '/films',
      secure: false,
      httpOnly: false,
      sameSite: 'Lax',
    } as const
    expect(setCookieHeaders(signed, attributes)[0]).toBe(
      'CloudFront-Expires=1; Domain=example.com; Path=/films; SameSite=Lax',
    )
  })
})
