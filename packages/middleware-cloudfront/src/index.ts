export { cloudfront, cloudfront as default } from './middleware.ts'
export { type CloudFrontOptions } from './options.ts'
