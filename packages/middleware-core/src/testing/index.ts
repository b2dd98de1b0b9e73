export { type SettledCapabilities, allCapabilities, findCapabilities } from './capabilities.ts'
export type { DriverTestOptions, FuzzOptions, TestRunner } from './options.ts'
export { testDriver } from './test-driver.ts'
export { type TestResult, runTests } from './run-tests.ts'
