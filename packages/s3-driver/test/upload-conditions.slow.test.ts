import { describe, expect, it } from '@jest/globals'
import { type FaultRule, matching, nth } from '@longshore/local-cloud'
import { type FileWriter, type WriteOptions, isStorageError } from '@longshore/middleware-core'
import { type S3Driver, content, failure, part, until, useFixture, write } from './cloud.ts'

const fixture = useFixture()
const large = content(2 * part + 5)
const small = content(100)
const metadata = {
  contentType: 'image/png',
  cacheControl: 'no-store',
  contentDisposition: 'inline',
  contentEncoding: 'identity',
  contentLanguage: 'de',
  custom: { build: '4711' },
}
const inParts = { multipartCopyThresholdSize: part, multipartCopyChunkSize: part }

describe.each([
  ['of one part', small],
  ['of parts', large],
])('the metadata of an upload %s', (_, bytes) => {
  it.each([
    ['at its own path', {}, {}],
    ['elsewhere', { destination: '/b' }, {}],
    ['elsewhere by a copy in parts', { destination: '/b' }, inParts],
  ])(
    "is the file's, committed at once or by another driver, %s",
    async (_where, options: WriteOptions, driverOptions) => {
      for (const isContinued of [false, true]) {
        const driver = fixture.another(driverOptions)
        let writer = await driver.writer('/a', { ...options, metadata })
        await write(writer, bytes.subarray(0, bytes.length / 2))
        if (isContinued) {
          await writer.close()
          writer = await fixture.another(driverOptions).writer('/a', { ...options, append: true })
        }
        await write(writer, bytes.subarray(writer.size))
        await writer.commit()
        const info = await driver.stat(options.destination ?? '/a')
        expect([info.size, info.metadata]).toEqual([bytes.length, metadata])
        fixture.bucket.clear()
      }
    },
  )
})

/** Uploads of all ways in which a commit puts the file in place. */
const ways: Record<string, { bytes: Buffer; destination: string }> = {
  'with one PUT': { bytes: small, destination: '/a' },
  'with a completion': { bytes: large, destination: '/a' },
  'with a copy': { bytes: large, destination: '/b' },
}

describe.each(Object.entries(ways))('a commit %s', (_, { bytes, destination }) => {
  const key = destination.slice(1)

  async function upload(driver: S3Driver = fixture.driver): Promise<FileWriter> {
    const writer = await driver.writer('/a', { destination })
    await write(writer, bytes)
    return writer
  }

  it('tells the revision of the file', async () => {
    const { revision } = await (await upload()).commit()
    expect(revision).toEqual(expect.any(String))
    expect((await fixture.driver.stat(destination)).revision).toBe(revision)
  })

  it.each(['the same writer', 'another'])(
    'only if absent fails where a file is, and can be repeated by %s',
    async by => {
      await fixture.driver.putContent(destination, 'before')
      const writer = await upload()
      expect(await failure(writer.commit({ ifAbsent: true }))).toMatchObject({ code: 'PRECONDITION_FAILED' })
      expect((await fixture.bucket.read(key))?.toString()).toBe('before')
      await fixture.driver.delete(destination)
      const isSame = by === 'the same writer'
      const next = isSame ? writer : await fixture.another().writer('/a', { append: true, destination })
      expect(next.size).toBe(bytes.length)
      await next.commit({ ifAbsent: true })
      expect((await fixture.bucket.read(key))?.equals(bytes)).toBe(true)
      await until(() => fixture.bucket.keys().length === 1 && fixture.bucket.uploads().length === 0)
    },
  )

  it('only of a revision replaces that one and no other', async () => {
    const { revision } = await fixture.driver.putContent(destination, 'before')
    await (await upload()).commit({ ifRevision: revision })
    expect((await fixture.bucket.read(key))?.equals(bytes)).toBe(true)
    expect(await failure((await upload()).commit({ ifRevision: revision }))).toMatchObject({
      code: 'PRECONDITION_FAILED',
    })
    await fixture.driver.delete(destination)
    expect(await failure((await upload()).commit({ ifRevision: revision }))).toMatchObject({
      code: 'PRECONDITION_FAILED',
    })
    expect(fixture.bucket.keys()).not.toContain(key)
  })

  it('has one winner of eight at once', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const writer = await upload()
        try {
          await writer.commit({ ifAbsent: true })
          return 'won'
        } catch (error) {
          if (!isStorageError(error, 'PRECONDITION_FAILED')) throw error
          await writer.cancel()
          return 'lost'
        }
      }),
    )
    expect(outcomes.filter(outcome => outcome === 'won')).toHaveLength(1)
    expect((await fixture.bucket.read(key))?.equals(bytes)).toBe(true)
  })

  it('succeeds when its answer was lost, and what the repetition meets is the file itself', async () => {
    for (const operation of ['PutObject', 'CompleteMultipartUpload']) {
      const writer = await upload()
      const losing = matching({ operation, key }, nth(1, { kind: 'reset', when: 'after' }))
      fixture.cloud.s3.faults.add(losing)
      await writer.commit({ ifAbsent: true })
      expect((await fixture.bucket.read(key))?.equals(bytes)).toBe(true)
      fixture.cloud.s3.faults.clear()
      fixture.bucket.clear()
    }
  })

  it('is tried again where S3 answers that another is under way', async () => {
    const conflict = { kind: 'error', status: 409, code: 'ConditionalRequestConflict' } as const
    const writer = await upload(fixture.another())
    fixture.cloud.s3.faults.add(
      matching({ operation: ['PutObject', 'CompleteMultipartUpload'], key }, nth(1, conflict)),
    )
    await writer.commit({ ifAbsent: true })
    expect((await fixture.bucket.read(key))?.equals(bytes)).toBe(true)
  })

  it('is UNSUPPORTED, and changes nothing, where the server leaves conditions out', async () => {
    const ignores: FaultRule = ({ headers }) => {
      delete headers['if-none-match']
      return undefined
    }
    fixture.cloud.s3.faults.add(ignores)
    // Signatures V2 do not cover the header.
    const writer = await upload(fixture.another({ v4Auth: false }))
    expect(await failure(writer.commit({ ifAbsent: true }))).toMatchObject({ code: 'UNSUPPORTED' })
    expect(fixture.bucket.keys()).not.toContain(key)
    const continued = await fixture.another().writer('/a', { append: true })
    expect(continued.size).toBe(bytes.length)
  })
})
