import { S3Error } from '../errors.ts'
import { GLOBAL_NAME, type S3Request } from './request.ts'

/**
 * Throws the 307 that S3 answers by a bucket's global name until DNS knows its region, for hours after its creation ("Making requests by
 * using the global endpoint: Temporary request redirection", S3 User Guide). The name is that of us-east-1.
 */
export function redirectToRegion({ headers, bucket = '', rawPath }: S3Request, region: string): void {
  if (region === 'us-east-1' || !headers.host?.endsWith(GLOBAL_NAME)) return
  const endpoint = `${bucket}.s3.${region}.amazonaws.com`
  throw new S3Error(
    'TemporaryRedirect',
    'Please re-send this request to the specified temporary endpoint. Continue to use the original request endpoint for ' +
      'future requests.',
    307,
    { Endpoint: endpoint, Bucket: bucket },
    { location: `https://${endpoint}${rawPath}` },
  )
}
