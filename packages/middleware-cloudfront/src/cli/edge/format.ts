import type { EdgeContext } from '@longshore/middleware-core/cli'
import type { EdgeKey, EdgeSetup } from './setup.ts'
import type { TemplateFiles } from './template-files.ts'

/** Files of one language, and how they are used. */
export interface FormatFiles {
  readonly files: Map<string, string>
  /** Commands that apply them and show their outputs, in their directory. */
  readonly commands: readonly string[]
  /** Names of the outputs. */
  readonly outputs: {
    readonly baseUrl: string
    keyId(key: EdgeKey): string
    readonly domainName: string
    readonly distributionArn: string
  }
}

/** Fills the templates of one language in. */
export type EdgeFormat = (setup: EdgeSetup, templates: TemplateFiles, context: EdgeContext) => Promise<FormatFiles>

/** Public keys as files: `public-keys/key-1a2b3c4d.pem`. */
export function keyFiles({ keys }: EdgeSetup): Map<string, string> {
  return new Map(keys.map(({ name, pem }) => [keyFile(name), pem]))
}

export function keyFile(name: string): string {
  return `public-keys/${name}.pem`
}
