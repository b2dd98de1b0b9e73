import type { Config } from '../../config/config.ts'
import type { Stack } from '../../config/create-storage.ts'
import type { StorageDriver } from '../../contract/storage-driver.ts'
import type { FoundLayer } from '../context/find-layer.ts'

/** Fault that a set-up may have. Its texts are what `longshore doctor` prints, and the page of symptoms and remedies. */
export interface Problem {
  /** Unique within its package: `origin-path-missing`. */
  readonly name: string
  /** `failed`: something does not work. `warning`: it works, but not well, or not for everyone. */
  readonly severity: 'failed' | 'warning'
  /** Sight of it for those who have it and do not know why, in one sentence. */
  readonly symptom: string
  /** Sentence that says what is wrong. */
  readonly cause: string
  /** Sentences that say what to do. */
  readonly remedy: string
}

/** Problem that a check has found. */
export interface Finding {
  readonly problem: Problem
  /** Observation that shows it: the request and its answer, or the value. No secrets. */
  readonly evidence: string
  /** More exact words than the problem's own for this case. */
  readonly remedy?: string | undefined
}

/** Outcome of a check. Without findings it went well. */
export interface Outcome {
  /** Observation in a few words, printed where all is well. */
  readonly evidence?: string | undefined
  readonly findings?: readonly Finding[] | undefined
  /** Reason for which nothing could be told. */
  readonly skipped?: string | undefined
}

/** One question that `longshore doctor` asks, and one line of what it prints. */
export interface Check {
  /** Unique within its layer: `bucket`. On the command line it is `s3/bucket`. */
  readonly name: string
  /** Claim that is checked: `the bucket is there`. */
  readonly title: string
  /** Checks of the same layer, or with a slash of another one, without whose success this one can tell nothing. */
  readonly after?: readonly string[] | undefined
  /** True where no call of the storage can succeed without it: then none is tried. */
  readonly isVital?: boolean | undefined
  /** Answers the question. What it throws counts as a problem of its own. The signal fires when its time is up. */
  run(signal: AbortSignal): Promise<Outcome> | Outcome
}

/** Set-up that checks look at, as the layer sees it that they are for. */
export interface CheckContext {
  readonly config: Config
  readonly stack: Stack
  readonly layer: FoundLayer
  /** The whole stack; for the driver's own checks the driver alone. Undefined where it cannot be put together. */
  readonly storage: StorageDriver | undefined
  /** Directory for files of the checks. It is removed afterwards; nothing else may be changed. */
  readonly scratch: string
  /** Tells of a file in it that a check is about to write past `storage`, so that it is removed, too. */
  noteFile(path: string): void
}

/** Checks that a driver's or a middleware's package brings, at its entry `./cli`. */
export interface Doctor {
  /** Every problem that the checks can find. */
  readonly problems: readonly Problem[]
  /** Makes the checks for one layer of a stack, in the order in which they run. Nothing is asked before that. */
  checks(context: CheckContext): readonly Check[]
}
