import { describe, expect, it } from '@jest/globals'
import { content, part, useFixture, write } from './cloud.ts'
import { uploadElsewhere } from './other-program.ts'

const fixture = useFixture()
const bytes = content(3 * part + 5)

/** Checksum headers of all requests of an operation. */
function checksumsOf(operation: string): (string | undefined)[] {
  const { records } = fixture.cloud.s3.requests
  const own = records.filter(request => request.operation === operation)
  return own.map(({ headers }) => Object.keys(headers).find(name => name.startsWith('x-amz-checksum-')))
}

describe('where the client sends checksums, an upload in parts', () => {
  it('names their algorithm when it is created, and each in its completion, continued or not', async () => {
    const first = await fixture.another({ checksums: true }).writer('/a')
    await write(first, bytes.subarray(0, 2 * part + 1))
    await first.close()
    const second = await fixture.another({ checksums: true }).writer('/a', { append: true })
    await write(second, bytes.subarray(second.size))
    await second.commit()
    expect(checksumsOf('CreateMultipartUpload')).toEqual(['x-amz-checksum-algorithm'])
    expect(checksumsOf('UploadPart')).toEqual(Array(4).fill('x-amz-checksum-crc32'))
    expect((await fixture.bucket.read('a'))?.equals(bytes)).toBe(true)
  })

  it('goes on with checksums where its driver sends none, and without where another program named none', async () => {
    const first = await fixture.another({ checksums: true }).writer('/a')
    await write(first, bytes.subarray(0, 2 * part + 1))
    await first.close()
    const second = await fixture.another().writer('/a', { append: true })
    await write(second, bytes.subarray(second.size))
    await second.commit()
    expect(checksumsOf('UploadPart')).toEqual(Array(4).fill('x-amz-checksum-crc32'))
    expect((await fixture.bucket.read('a'))?.equals(bytes)).toBe(true)

    await uploadElsewhere(fixture.cloud, 'b', { 1: bytes.subarray(0, part) })
    fixture.cloud.s3.requests.reset()
    const third = await fixture.another({ checksums: true }).writer('/b', { append: true })
    await write(third, bytes.subarray(third.size))
    await third.commit()
    expect(checksumsOf('UploadPart')).toEqual([undefined, undefined, undefined])
    expect((await fixture.bucket.read('b'))?.equals(bytes)).toBe(true)
  })

  it('goes on without where the server calls none "null"', async () => {
    fixture.cloud.s3.quirks.listsNullChecksum = true
    const first = await fixture.another().writer('/a')
    await write(first, bytes.subarray(0, 2 * part + 1))
    await first.close()
    const second = await fixture.another().writer('/a', { append: true })
    await write(second, bytes.subarray(second.size))
    await second.commit()
    expect(checksumsOf('UploadPart')).toEqual(Array(4).fill(undefined))
    expect((await fixture.bucket.read('a'))?.equals(bytes)).toBe(true)
  })
})
