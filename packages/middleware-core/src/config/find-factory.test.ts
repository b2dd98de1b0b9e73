import { describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { defineDriver } from '../authoring/define-driver.ts'
import { InMemoryDriver } from '../drivers/inmemory/driver.ts'
import { defineMiddleware } from '../middleware/define-middleware.ts'
import { type Kind, findFactory } from './find-factory.ts'

const driver = defineDriver({ name: 'd', options: z.object({}), create: () => new InMemoryDriver() })
const middleware = defineMiddleware({ name: 'm', options: z.object({}), wrap: inner => inner })

const find = (kind: Kind, name: string, module?: unknown): Promise<unknown> =>
  findFactory(kind, name, { load: async () => module, directories: [] })

describe('findFactory', () => {
  it.each([
    ['driver', 'inmemory'],
    ['driver', 'filesystem'],
    ['middleware', 'redirect'],
    ['middleware', 'ReWrite'],
  ] as const)('has the %s %s built in', async (kind, name) => {
    await expect(find(kind, name)).resolves.toHaveProperty('kind', kind)
  })

  it.each([
    ['driver', 's3', '@longshore/s3-driver'],
    ['driver', 'S3AWS', '@longshore/s3-driver'],
    ['middleware', 'cloudfront', '@longshore/middleware-cloudfront'],
    ['middleware', '@acme/Some.thing', '@acme/Some.thing'],
  ] as const)('takes the %s %s from the package %s', async (kind, name, packageName) => {
    const asked: string[] = []
    const load = async (wanted: string): Promise<unknown> => {
      asked.push(wanted)
      return { default: kind === 'driver' ? driver : middleware }
    }
    await expect(findFactory(kind, name, { load, directories: [] })).resolves.toHaveProperty('kind', kind)
    expect(asked).toEqual([packageName])
  })

  it.each([
    ['@acme/missing', 'no package "@acme/missing" is installed; run: npm install @acme/missing'],
    ['cloudfrnt', 'no package "cloudfrnt" is installed; did you mean cloudfront?'],
    [
      'cloudfront',
      'no package "@longshore/middleware-cloudfront" is installed; run: npm install @longshore/middleware-cloudfront',
    ],
  ])('says what to do when %s is not installed', async (name, problem) => {
    await expect(find('middleware', name)).rejects.toMatchObject({ name: 'ConfigError', message: `name: ${problem}` })
  })

  it.each([
    ['driver', 'gcs', 'filesystem, inmemory, s3, s3aws'],
    ['driver', 's3_v2', 'filesystem, inmemory, s3, s3aws'],
    ['middleware', 'googlecdn', 'cloudfront, prefix, redirect, rewrite'],
  ] as const)('does not advise to install what is called as a %s of Distribution: %s', async (kind, name, names) => {
    await expect(find(kind, name)).rejects.toThrow(
      `name: there is no ${kind} of this name; accepted: one of ${names}, or the name of an installed package`,
    )
    const module = { default: kind === 'driver' ? driver : middleware }
    await expect(find(kind, name, module)).resolves.toHaveProperty('kind', kind)
  })

  it.each([
    ['no default export', { other: driver }],
    ['another default export', { default: { some: 'object' } }],
    ['another default export', { default: null }],
    ['a middleware as its default export', { default: middleware }],
  ])('says that a package has %s', async (found, module) => {
    await expect(find('driver', 'x', module)).rejects.toThrow(
      `name: the package "x" has ${found}; accepted: a driver made by defineDriver`,
    )
  })

  it.each(['./driver.js', '/driver.js', 'data:text/javascript,1', 'node:fs', '{"secretkey":"x"', '..'])(
    'loads no %s',
    async name => {
      await expect(find('driver', name, { default: driver })).rejects.toThrow(
        /^name: found a text that is no package's name; accepted: one of filesystem, inmemory, s3, s3aws, or/,
      )
    },
  )

  it('says why a package does not load, and keeps the reason as the cause', async () => {
    const reason = new Error('no native code for this machine\nsecond line')
    await expect(
      findFactory('driver', 'x', { load: () => Promise.reject(reason), directories: [] }),
    ).rejects.toMatchObject({
      message: 'name: the package "x" is installed but does not load: no native code for this machine',
      cause: reason,
    })
  })
})
