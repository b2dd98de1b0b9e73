/** For packages that bring commands of their own, at their entry `./cli`: see {@link ContributedCommands}. */
export type { Command } from 'commander'
export type { CliContext } from './context/cli-context.ts'
export { type FoundLayer, findLayer } from './context/find-layer.ts'
export { localError } from './context/local-error.ts'
export { readStoragePath } from './context/storage-path.ts'
export { configArgument, withStack } from './context/with-stack.ts'
export type { ContributedCommands } from './contributed.ts'
export { run } from './run.ts'
