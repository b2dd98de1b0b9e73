import { expect, it } from '@jest/globals'
import { parseConfig } from '@longshore/middleware-core/config'
import { registrySettings } from './registry-settings.ts'

const settingsOf = (indexes: string): { required: unknown; warnings: readonly string[] } => {
  const config = parseConfig(`storage: inmemory\nvalidation: { manifests: { indexes: ${indexes} } }\n`)
  return { required: registrySettings(config).requiredPlatforms, warnings: config.warnings }
}

const amd64 = { architecture: 'amd64', os: 'linux' }

it.each([
  ['{}', 'all'],
  ['{ platforms: all }', 'all'],
  ['{ platforms: None }', 'none'],
  ['{ platforms: list }', 'all'],
  ['{ platforms: list, platformlist: [{ architecture: amd64, os: linux }] }', [amd64]],
])('entries of indexes that have to be there are read: %s', (indexes, required) => {
  expect(settingsOf(indexes)).toEqual({ required, warnings: [] })
})

it('a list that does not count is warned of', () => {
  const { required, warnings } = settingsOf('{ platforms: all, platformlist: [{ architecture: amd64, os: linux }] }')
  expect([required, warnings]).toEqual(['all', [expect.stringMatching(/platformlist: has no effect; it counts only/)]])
})

it.each([
  ['{ platforms: some }', /validation\.manifests\.indexes\.platforms: found 'some'; accepted: one of all, none, list/],
  ['{ platforms: list, platformlist: [{ os: linux }] }', /platformlist\[0\]\.architecture/],
  ['{ platforms: list, platformlist: amd64 }', /platformlist: found a text; accepted: a list/],
])('mistakes stop the start: %s', (indexes, message) => {
  expect(() => settingsOf(indexes)).toThrow(message)
})
