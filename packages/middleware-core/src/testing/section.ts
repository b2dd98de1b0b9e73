import type { Settings } from './options.ts'
import type { Sandbox } from './sandbox.ts'

/** Declares one test, which gets a sandbox of its own. */
export type DeclareTest = (name: string, test: (sandbox: Sandbox) => Promise<void>) => void

/** Declares the tests of one operation or rule of the contract. */
export type Section = (test: DeclareTest, settings: Settings) => void
