import { describe, it } from '@jest/globals'
import { expectOneWinner, raceStores } from '../support/tag-race.ts'

describe('of 1,000 pushes of one immutable tag to two registries', () => {
  const stores = raceStores()

  it.each(Object.keys(stores))('one wins: on %s', async name => {
    await expectOneWinner(stores[name]!, 1000)
  })
})
