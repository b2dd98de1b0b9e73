import { describe, expect, it } from '@jest/globals'
import { type StorageDriver, keyOf } from '../contract/index.ts'
import { driverFrom } from '../authoring/base-driver.ts'
import { InMemoryDriver } from '../drivers/inmemory/driver.ts'
import { inmemory } from '../drivers/inmemory/index.ts'
import { findCapabilities, testDriver } from '../testing/index.ts'
import { compose } from './compose.ts'
import { prefix } from './prefix.ts'

const shared = new InMemoryDriver()
const { capabilities } = inmemory()
const bucket = (): StorageDriver => driverFrom('inmemory', shared, capabilities)
const tenant = (name: string): StorageDriver => compose(bucket(), prefix({ path: `/tenants/${name}` }))
const create = (): StorageDriver => tenant('conformance')

testDriver({ describe, it }, { name: 'prefix', create, capabilities: await findCapabilities(create), exclusive: true })

describe('a tenant', () => {
  it('has its files below its directory, and sees no others', async () => {
    const [a, b] = [tenant('a'), tenant('ab')]
    await a.putContent('/file', 'of a')
    await b.putContent('/file', 'of b')
    expect(Buffer.from(await bucket().getContent('/tenants/a/file')).toString()).toBe('of a')
    expect(await a.list('/')).toEqual(['/file'])
    expect(keyOf(a, '/file')).toBe('tenants/a/file')
    await a.delete('/file')
    expect(Buffer.from(await b.getContent('/file')).toString()).toBe('of b')
  })

  it.each(['/../ab/file', '/a/../../ab/file', '/./x', '//x', '/~uploads/x'])('cannot leave it by %j', async path => {
    await expect(tenant('a').getContent(path)).rejects.toMatchObject({ code: 'INVALID_PATH', path })
    await expect(tenant('a').move('/file', path)).rejects.toMatchObject({ code: 'INVALID_PATH', path })
    await expect(tenant('a').writer('/file', { destination: path })).rejects.toMatchObject({
      code: 'INVALID_PATH',
      path,
    })
  })

  it('is named by no error', async () => {
    const error: unknown = await tenant('a')
      .getContent('/missing')
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'PATH_NOT_FOUND', path: '/missing' })
    expect(String(error)).not.toContain('tenants')
  })
})

it.each(['', 'tenants', '/', '/a/', '/a/../b'])('refuses the path %j', path => {
  expect(() => prefix({ path })).toThrow('prefix options.path')
})
