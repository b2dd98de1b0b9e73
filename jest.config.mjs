// The SDK's notice about Node 20 says nothing about the tests.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

const swc = {
  jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  module: { type: 'nodenext' },
  sourceMaps: 'inline',
}

/** Tests that need other programs, minutes or gigabytes: `npm run test:all` runs them, too. */
const slow = ['/test/e2e/', '\\.slow\\.test\\.ts$']

/** Tests run on the sources: a package name maps to its `src`, so that no test depends on a build being fresh. */
export default {
  testMatch: ['<rootDir>/{packages,examples,test,bench}/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', ...slow],
  modulePathIgnorePatterns: ['/dist/'],
  transform: { '\\.ts$': ['@swc/jest', swc] },
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^@longshore/middleware-core/(cli|config|testing)$': '<rootDir>/packages/middleware-core/src/$1/index.ts',
    '^@longshore/middleware-core/upload-(client|service)$': '<rootDir>/packages/middleware-core/src/upload-$1/index.ts',
    '^@longshore/middleware-core/upload-client/node$': '<rootDir>/packages/middleware-core/src/upload-client/node.ts',
    '^@longshore/(s3-driver|middleware-cloudfront)/cli$': '<rootDir>/packages/$1/src/cli/index.ts',
    '^@longshore/middleware-cloudfront/explain$': '<rootDir>/packages/middleware-cloudfront/src/explain/index.ts',
    '^@longshore/(middleware-core|s3-driver|middleware-cloudfront)$': '<rootDir>/packages/$1/src/index.ts',
    '^@longshore/e2e/(.+)$': '<rootDir>/test/e2e/src/$1.ts',
    '^@longshore/local-cloud$': '<rootDir>/test/local-cloud/src/index.ts',
  },
  reporters: ['default', '<rootDir>/scripts/progress-reporter.mjs'],
  // Jest leaves one core to itself, which on two cores would double the time.
  maxWorkers: '100%',
  // Only so that a test that hangs ends: on a busy machine a good one may take long.
  testTimeout: 120_000,
}
