export { cloudfront, cloudfront as default } from './middleware.ts'
export type { CloudFrontKeyOptions, CloudFrontOptions } from './options.ts'
export {
  type CookieSigningOptions,
  Signer,
  type SignerOptions,
  type UrlSigningOptions,
  createSigner,
} from './signer.ts'
export type { Expiry, SigningOptions } from './signing/restrictions.ts'
export { type CookieAttributes, type SignedCookies, setCookieHeaders } from './signing/cookies.ts'
export type { PublicKey } from './keys/public-key.ts'
export type { SignFunction } from './keys/sign-function.ts'
export type { HashAlgorithm } from './signing/signing-key.ts'
export { type SignedUrlTrace, signedUrlChannel } from './diagnostics.ts'
export { type IpRangesUpdate, ipRangesChannel } from './clients/aws-ip-ranges.ts'
