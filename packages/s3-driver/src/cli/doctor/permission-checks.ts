import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import {
  CopyObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3'
import type { Check, Outcome } from '@longshore/middleware-core/cli'
import { isStorageError } from '@longshore/middleware-core'
import { errorName, isNotImplemented } from '../../errors.ts'
import { copySourceHeader } from '../../multipart/copy.ts'
import { asking } from './ask.ts'
import type { Asked } from './explain.ts'
import type { Probe } from './probe.ts'
import { problems } from './problems.ts'

/** Range that is read of the object, first and last byte. */
const RANGE = [100, 199] as const

/** Makes the checks that try out each permission that the driver needs, with files of their own; but for deletes. */
export function permissionChecks(probe: Probe): Check[] {
  const { bucket } = probe
  const { client, name: Bucket } = bucket

  const tried = (
    name: string,
    title: string,
    asked: Asked,
    run: (signal: AbortSignal) => Promise<Outcome | void>,
    more: Partial<Check> = {},
  ): Check => ({
    name,
    title,
    after: ['bucket'],
    ...more,
    run: signal => asking(asked, async () => (await run(signal)) ?? {}),
  })

  const afterPut = { after: ['bucket', 'put'] }
  return [
    tried(
      'put',
      's3:PutObject: a file is written',
      { operation: 'PutObject', denied: problems.putDenied, refused: problems.writeRefused },
      async signal => {
        await probe.writeObject(signal)
      },
    ),
    tried(
      'get',
      's3:GetObject: a range of it is read',
      { operation: 'GetObject', denied: problems.getDenied },
      signal => readRange(signal),
      afterPut,
    ),
    tried(
      'list',
      's3:ListBucket: it is listed',
      { operation: 'ListObjectsV2', denied: problems.listDenied },
      async signal => {
        const command = new ListObjectsV2Command({ Bucket, Prefix: probe.prefix, Delimiter: '/' })
        await bucket.run(o => client.send(command, o), { signal: probe.limited(signal) })
      },
    ),
    tried(
      'copy',
      's3:GetObject, s3:PutObject: it is copied',
      { operation: 'CopyObject', denied: problems.putDenied },
      async signal => {
        const command = new CopyObjectCommand({
          Bucket,
          Key: bucket.keys.key(probe.newFile('copy')),
          ...bucket.settings,
          CopySource: copySourceHeader(bucket, bucket.ref(probe.object)),
        })
        await bucket.run(o => client.send(command, o), { signal: probe.limited(signal) })
      },
      { after: ['bucket', 'put', 'get'] },
    ),
    tried(
      'multipart',
      's3:PutObject: a file is written in parts',
      { operation: 'CreateMultipartUpload, UploadPart, CompleteMultipartUpload', denied: problems.putDenied },
      signal => writeInParts(signal),
      afterPut,
    ),
    tried(
      'list-parts',
      's3:ListMultipartUploadParts: an upload can be continued',
      { operation: 'ListParts', denied: problems.listPartsDenied },
      signal =>
        probe.withUpload('listed', signal, async upload => {
          await upload.parts({ signal: probe.limited(signal) })
        }),
      afterPut,
    ),
    tried(
      'abort',
      's3:AbortMultipartUpload: an upload can be discarded',
      { operation: 'AbortMultipartUpload', denied: problems.abortDenied },
      signal => probe.withUpload('aborted', signal, upload => upload.abort({ signal: probe.limited(signal) })),
      afterPut,
    ),
    tried(
      'sweep',
      's3:ListBucketMultipartUploads: unfinished uploads are found',
      { operation: 'ListMultipartUploads', denied: problems.sweepDenied },
      signal => listUploads(signal),
    ),
  ]

  async function readRange(signal: AbortSignal): Promise<Outcome> {
    await probe.writeObject(signal)
    const [first, last] = RANGE
    const Range = `bytes=${first}-${last}`
    const command = new GetObjectCommand({ Bucket, Key: bucket.keys.key(probe.object), Range })
    const options = { signal: probe.limited(signal) }
    const read = await bucket.run(
      async o => {
        const { Body, ContentRange } = await client.send(command, o)
        return { bytes: await buffer(Body as Readable), ContentRange }
      },
      options,
      probe.object,
    )
    const expected = probe.content.subarray(first, last + 1)
    if (expected.equals(read.bytes)) return {}
    const evidence = `GetObject with Range ${Range}: ${read.bytes.length} bytes, Content-Range ${read.ContentRange ?? 'missing'}`
    return { findings: [{ problem: problems.rangeIgnored, evidence }] }
  }

  async function writeInParts(signal: AbortSignal): Promise<void> {
    await probe.withUpload('parts', signal, async upload => {
      const options = { signal: probe.limited(signal) }
      const part = await upload.uploadPart(1, probe.content, options)
      await upload.complete([part], { token: undefined }, options)
    })
  }

  async function listUploads(signal: AbortSignal): Promise<Outcome> {
    const command = new ListMultipartUploadsCommand({ Bucket, Prefix: probe.prefix, MaxUploads: 1 })
    try {
      await bucket.run(o => client.send(command, o), { signal: probe.limited(signal) })
      return {}
    } catch (error) {
      const cause: unknown = isStorageError(error) ? error.cause : error
      // Some servers have no answer for an empty list.
      if (/^NoSuch(?:Upload|Key)$/.test(errorName(cause))) return {}
      if (isNotImplemented(cause)) return { skipped: 'the server does not know ListMultipartUploads' }
      throw error
    }
  }
}
