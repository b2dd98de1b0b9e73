import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent } from 'node:http'
import { Readable } from 'node:stream'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  S3Client,
  type S3ClientConfig,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import type { Place } from '@longshore/e2e/registry-configuration'
import { type Side, alternate } from '../alternate.ts'
import type { Bench } from '../bench.ts'
import type { Figure } from '../figure.ts'
import { inParallel } from '../load/in-parallel.ts'
import { openDriver } from '../open-driver.ts'
import { emptyBucket, newPlace } from '../registries/place.ts'
import { timesAtLeast } from '../row.ts'

const mebibyte = 2 ** 20
const partSize = 10 * mebibyte
const concurrency = 4
/** As they come from a fast connection. */
const chunk = randomBytes(mebibyte / 16)

export const writerThroughput: Figure = {
  name: 'writer-throughput',
  title: 'Storing 1 GiB in parts of 10 MiB, four at a time, from one process in the same Ceph',
  seconds: 110,
  needs: ['radosgw'],
  async measure(bench) {
    // Whole parts, so that everybody sends the same ones.
    const size = bench.size(102, 5) * partSize
    const place = await newPlace(bench)
    const sides = [writer(bench, place, size), libStorage(bench, place, size), rawParts(bench, place, size)]
    const samples = await alternate(sides, { rounds: bench.size(7, 1), log: bench.log })
    const ours = samples.of('Longshore', 'throughput')
    return [
      {
        what: 'against lib-storage',
        unit: 'MiB/s',
        ours,
        peer: samples.of('lib-storage', 'throughput'),
        target: timesAtLeast(1.2),
      },
      {
        what: 'against UploadPart from a ready buffer',
        unit: 'MiB/s',
        ours,
        peer: samples.of('UploadPart', 'throughput'),
        target: timesAtLeast(0.95),
      },
    ]
  },
}

/** The contract's writer, with everything that makes it resumable. */
function writer(bench: Bench, place: Place, size: number): Side {
  return {
    name: 'Longshore',
    async prepare() {
      const parts = { chunkSize: partSize, uploadConcurrency: concurrency, partSizing: 'equal' } as const
      const driver = openDriver(bench, place, parts)
      return throughputOf(bench, place, size, async () => {
        const upload = await driver.writer('/large')
        for (let left = size; left > 0; left -= chunk.length) if (!upload.write(chunk)) await once(upload, 'drain')
        await upload.commit()
      })
    },
  }
}

/** As its documentation shows it, with the same parts. */
function libStorage(bench: Bench, place: Place, size: number): Side {
  return {
    name: 'lib-storage',
    async prepare() {
      const client = newClient(bench, place)
      return throughputOf(bench, place, size, async () => {
        const chunks = function* (): Generator<Buffer> {
          for (let left = size; left > 0; left -= chunk.length) yield chunk
        }
        const params = { Bucket: place.bucket, Key: 'large', Body: Readable.from(chunks(), { objectMode: false }) }
        await new Upload({ client, params, partSize, queueSize: concurrency }).done()
      })
    },
  }
}

/** What the SDK can do at best: the bytes are there, and connections are kept. */
function rawParts(bench: Bench, place: Place, size: number): Side {
  return {
    name: 'UploadPart',
    async prepare() {
      const requestHandler = { httpAgent: new Agent({ keepAlive: true }) }
      const client = newClient(bench, place, { requestHandler, expectContinueHeader: false })
      const Body = randomBytes(partSize)
      const object = { Bucket: place.bucket, Key: 'large' }
      return throughputOf(bench, place, size, async () => {
        const { UploadId } = await client.send(new CreateMultipartUploadCommand(object))
        const Parts: { PartNumber: number; ETag: string | undefined }[] = []
        await inParallel(size / partSize, concurrency, async index => {
          const PartNumber = index + 1
          const { ETag } = await client.send(new UploadPartCommand({ ...object, UploadId, PartNumber, Body }))
          Parts[index] = { PartNumber, ETag }
        })
        await client.send(new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload: { Parts } }))
      })
    },
  }
}

function newClient(bench: Bench, { endpoint, region, credentials }: Place, more: S3ClientConfig = {}): S3Client {
  const checksums = {
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  } as const
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true, ...checksums, ...more })
  bench.scope.defer(async () => client.destroy())
  return client
}

function throughputOf(bench: Bench, { bucket }: Place, size: number, store: () => Promise<unknown>) {
  return async (): Promise<{ throughput: number }> => {
    const begun = performance.now()
    await store()
    const throughput = (size / mebibyte / (performance.now() - begun)) * 1000
    await emptyBucket(await bench.session.ceph(), bucket)
    return { throughput }
  }
}
