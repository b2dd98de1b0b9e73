import { CreateMultipartUploadCommand, S3Client, UploadPartCommand } from '@aws-sdk/client-s3'
import type { LocalCloud } from '@longshore/local-cloud'

/** Client of another program on the local cloud's bucket, which sends no checksums. Its user destroys it. */
export function otherClient(cloud: LocalCloud): S3Client {
  return new S3Client({
    endpoint: cloud.s3.endpoint,
    region: cloud.region,
    credentials: cloud.credentials,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  })
}

/** Begins an upload and sends parts by their numbers, as another program does: without a record. Gives its id. */
export async function uploadElsewhere(
  cloud: LocalCloud,
  key: string,
  parts: Readonly<Record<number, Uint8Array>>,
): Promise<string> {
  const client = otherClient(cloud)
  const target = { Bucket: cloud.bucket, Key: key }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(target))
  for (const [number, Body] of Object.entries(parts)) {
    await client.send(new UploadPartCommand({ ...target, UploadId: UploadId!, PartNumber: Number(number), Body }))
  }
  client.destroy()
  return UploadId!
}
