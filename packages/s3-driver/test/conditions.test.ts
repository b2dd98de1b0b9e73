import { describe, expect, it } from '@jest/globals'
import { isStorageError } from '@longshore/middleware-core'
import { useFixture } from './cloud.ts'

const fixture = useFixture()

/** Loses the answer to the first request of an operation, after it took effect. */
function loseFirst(operation: string, key: string): void {
  let seen = 0
  fixture.cloud.s3.faults.add(request =>
    request.operation === operation && request.key === key && seen++ === 0
      ? { kind: 'reset', when: 'after' }
      : undefined,
  )
}

describe('a conditional write', () => {
  it('has one winner among many', async () => {
    const writers = Array.from({ length: 20 }, async (_, index) => {
      try {
        await fixture.driver.putContent('/a', `${index}`, { ifAbsent: true })
        return index
      } catch (error) {
        if (isStorageError(error, 'PRECONDITION_FAILED')) return undefined
        throw error
      }
    })
    const winners = (await Promise.all(writers)).filter(index => index !== undefined)
    expect(winners).toHaveLength(1)
    expect(Buffer.from(await fixture.driver.getContent('/a')).toString()).toBe(`${winners[0]}`)
  })

  it('tells its own write whose answer was lost from that of another', async () => {
    const { driver } = fixture
    loseFirst('PutObject', 'a')
    const { revision } = await driver.putContent('/a', 'one', { ifAbsent: true })
    expect((await driver.stat('/a')).revision).toBe(revision)
    fixture.cloud.s3.faults.clear()
    loseFirst('PutObject', 'a')
    await driver.putContent('/a', 'two', { ifRevision: revision })
    await expect(driver.putContent('/a', 'three', { ifRevision: revision })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      path: '/a',
    })
    expect(Buffer.from(await driver.getContent('/a')).toString()).toBe('two')
  })

  it('costs no more than another, once it is known that the server keeps conditions', async () => {
    const { driver, cloud } = fixture
    await driver.putContent('/a', 'x', { ifAbsent: true })
    cloud.s3.requests.reset()
    await driver.putContent('/b', 'x', { ifAbsent: true })
    expect(cloud.s3.requests.counts()).toEqual({ PutObject: 1 })
    expect(fixture.bucket.keys()).toEqual(['a', 'b'])
  })

  it('is refused where the server does not know it', async () => {
    fixture.cloud.s3.faults.add(({ headers }) =>
      headers['if-none-match'] === undefined ? undefined : { kind: 'error', status: 501, code: 'NotImplemented' },
    )
    const driver = fixture.another()
    await expect(driver.putContent('/a', 'x', { ifAbsent: true })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    expect(fixture.bucket.keys()).toEqual([])
  })
})

describe('a move', () => {
  it('leaves what has replaced its source meanwhile', async () => {
    const { driver } = fixture
    await driver.putContent('/a', 'old')
    let isReplaced = false
    fixture.cloud.s3.faults.add(({ operation }) => {
      if (operation !== 'DeleteObject' || isReplaced) return undefined
      isReplaced = true
      fixture.bucket.put('a', 'new').catch(() => {})
      return { kind: 'delay', milliseconds: 100 }
    })
    await driver.move('/a', '/b')
    expect(Buffer.from(await driver.getContent('/b')).toString()).toBe('old')
    expect(Buffer.from(await driver.getContent('/a')).toString()).toBe('new')
  })
})
