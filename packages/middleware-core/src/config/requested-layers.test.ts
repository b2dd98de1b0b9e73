import { describe, expect, it } from '@jest/globals'
import { parseConfig } from './config.ts'
import { createStorage } from './create-storage.ts'

const start = (content: string, env = {}): Promise<unknown> =>
  createStorage(parseConfig(content, { file: 'config.yml', env }))

describe('a storage section', () => {
  it.each([
    ['is absent', 'http: {}', /^config\.yml: storage: no driver; accepted: one of filesystem, inmemory, s3, s3aws, or/],
    ['has settings alone', '\nstorage: {delete: {enabled: true}}', /^config\.yml:2: storage: no driver; /],
    ['has an empty name', 'storage: {"": {}}', /^config\.yml:1: storage\.: found a text that is no package's name/],
    ['is a list', 'storage: [s3]', /^config\.yml:1: storage: found a list; accepted: a mapping with one driver/],
    [
      'has two drivers',
      'storage:\n  filesystem: {}\n  s3: {}\n',
      /^config\.yml:1: storage: several drivers: filesystem \(config\.yml:2\) and s3 \(config\.yml:3\); accepted: one$/,
    ],
    [
      'has a misspelled setting',
      'storage:\n  inmemory: {}\n  delet: {}\n',
      /inmemory \(config\.yml:2\) and delet \(config\.yml:3; did you mean delete\?\); accepted: one$/,
    ],
  ])('is refused when it %s', async (_problem, content, message) => {
    await expect(start(content)).rejects.toThrow(message)
  })

  it('is refused when the environment has another driver than the file', async () => {
    await expect(start('storage: inmemory', { REGISTRY_STORAGE_S3_BUCKET: 'b' })).rejects.toThrow(
      /^REGISTRY_STORAGE_S3_BUCKET: storage: several drivers: inmemory \(config\.yml:1\) and s3 \(REGISTRY_STORAGE_S3_BUCKET\)/,
    )
  })
})
