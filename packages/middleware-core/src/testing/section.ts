import type { Capabilities } from '../contract/capabilities.ts'
import type { Settings } from './options.ts'
import type { Sandbox } from './sandbox.ts'

/** Declares one test, which gets a sandbox of its own. It is skipped where the driver lacks one of the capabilities. */
export type DeclareTest = (
  name: string,
  test: (sandbox: Sandbox) => Promise<void>,
  ...needs: readonly (keyof Capabilities)[]
) => void

/** Declares the tests of one operation or rule of the contract. */
export type Section = (test: DeclareTest, settings: Settings) => void
