/** CORS configuration, as `aws s3api put-bucket-cors` takes it, for pages of these origins that upload by presigned URLs. */
export function corsRules(origins: readonly string[]): object {
  return {
    CORSRules: [
      {
        AllowedOrigins: origins,
        AllowedMethods: ['PUT'],
        AllowedHeaders: ['content-type', 'x-amz-*'],
        MaxAgeSeconds: 3600,
      },
    ],
  }
}
