import type { Config } from '../../config/config.ts'
import type { Stack } from '../../config/create-storage.ts'
import type { FoundLayer } from '../context/find-layer.ts'

/** Place of the files, as the policies of its provider name it. */
export interface StorageResource {
  /** Whole of it: `arn:aws:s3:::images`. */
  readonly container: string
  /** Files in it, with wildcards: `arn:aws:s3:::images/registry/*`. */
  readonly files: string
}

/** Set-up that documents are for, as the layer sees it that brings them. */
export interface PolicyContext {
  readonly config: Config
  readonly stack: Stack
  readonly layer: FoundLayer
  /** Place that the driver's package has named; undefined where it names none. */
  readonly resource: StorageResource | undefined
  /** Distribution in front of the storage, as its provider names it. */
  readonly distribution: string | undefined
  /** Account of the distribution. */
  readonly account: string | undefined
  /** Origins of pages that upload to the storage themselves: `https://app.example.com`. */
  readonly uploadOrigins: readonly string[]
}

/** Document for the provider of a storage, or what is missing for it. */
export interface PolicyDocument {
  /** Unique within its layer: `iam`. On the command line it is `s3/iam`. */
  readonly name: string
  /** Use of it: `IAM policy of the user or role that runs the service`. */
  readonly title: string
  /** Value that is printed as JSON. Undefined where `needs` says why it cannot be made. */
  readonly document?: object | undefined
  /** Options that it needs: `--distribution`. */
  readonly needs?: string | undefined
}

/** Documents with the least permissions for a set-up, which a package brings at its entry `./cli`. */
export interface Policies {
  /** Names the place of the files, for layers outside of the driver. */
  resource?(context: Omit<PolicyContext, 'resource'>): StorageResource | undefined
  /** Makes the documents. Throws a `ConfigError` where there can be none for the set-up. */
  documents(context: PolicyContext): readonly PolicyDocument[]
}
