import type { Config } from '../../config/config.ts'
import type { Stack } from '../../config/create-storage.ts'
import type { FoundLayer } from '../context/find-layer.ts'

/** Set-up that templates are for, as the layer sees it that brings them. */
export interface EdgeContext {
  readonly config: Config
  readonly stack: Stack
  readonly layer: FoundLayer
  /** Directory that the files are written to, as it was given, for the commands to type. */
  readonly directory: string
  /** Name of all that is made; the templates' own where none is given. */
  readonly name: string | undefined
  /** Certificate for a name of one's own, as the provider of the edge names it. */
  readonly certificate: string | undefined
  /** Origins of pages that upload to the storage themselves: `https://app.example.com`. */
  readonly uploadOrigins: readonly string[]
  /** Reads a file that an earlier run has written into the directory; undefined where there is none. */
  readFormer(file: string): Promise<string | undefined>
}

/** Files for one set-up, and the way on from there. */
export interface EdgeFiles {
  /** Contents by path below the directory, with slashes: `terraform/main.tf`. */
  readonly files: ReadonlyMap<string, string>
  /** Lines to print: commands to type, and where what they print goes. */
  readonly next: readonly string[]
}

/** Templates for what is in front of a storage, which a package brings at its entry `./cli`. Nothing is applied by them. */
export interface EdgeTemplates {
  /** Languages of the templates, the first of which is the default. */
  readonly formats: readonly string[]
  /** Makes the files of one format. Throws a `ConfigError` where the templates do not fit the set-up. */
  files(context: EdgeContext, format: string): Promise<EdgeFiles> | EdgeFiles
}
