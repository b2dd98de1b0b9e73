import config from './jest.config.mjs'

/** Every test, with those that `npm test` leaves out. */
export default { ...config, testPathIgnorePatterns: ['/node_modules/', '/dist/'], testTimeout: 900_000 }
