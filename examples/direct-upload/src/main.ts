import { s3 } from '@longshore/s3-driver'
import { startLocalCloud } from '@longshore/local-cloud'
import { createUploadServer } from './server.ts'

const { PORT = '8080', BUCKET: bucket, AWS_REGION: region } = process.env
const cloud =
  bucket === undefined ? await startLocalCloud({ s3: { bucketSettings: { cors: { origins: ['*'] } } } }) : undefined
const storage = cloud
  ? s3({
      bucket: cloud.bucket,
      region: cloud.region,
      regionEndpoint: cloud.s3.endpoint,
      accessKey: cloud.credentials.accessKeyId,
      secretKey: cloud.credentials.secretAccessKey,
    })
  : s3({ bucket: bucket ?? '', ...(region === undefined ? {} : { region }) })

const server = createUploadServer(storage).listen(Number(PORT), '127.0.0.1', () => {
  const address = server.address()
  console.log(`http://127.0.0.1:${typeof address === 'object' ? address?.port : PORT}/`)
})
