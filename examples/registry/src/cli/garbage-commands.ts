import { type Config, createStorage, option } from '@longshore/middleware-core'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { cacheSettings } from '../config/cache.ts'
import { loadRegistryConfig } from '../config/load.ts'
import { withLocation } from '../config/option-file.ts'
import { registrySettings } from '../config/registry-settings.ts'
import { collectGarbage } from '../gc/collect-garbage.ts'
import { DEFAULT_GRACE_MS, DEFAULT_SETTLE_MS, MIN_SETTLE_MS } from '../gc/collection.ts'
import type { Digest } from '../oci/digest.ts'
import { createBlobCache } from '../storage/blob-store.ts'
import { digestKey } from '../storage/cache/digest-key.ts'
import type { LookupCache } from '../storage/cache/lookup-cache.ts'
import { openCaches } from '../storage/cache/open-caches.ts'
import { createManifestCache } from '../storage/manifest-store.ts'
import { shutdownSignal } from '../server/shutdown-signal.ts'
import { purgeSummaryLine, purgedLine } from '../gc/purge-lines.ts'
import { purgeUploads } from '../gc/purge-uploads.ts'
import { configFile } from './config-file.ts'
import { eventLine, stepLabels, summaryLines } from './collection-lines.ts'
import { type Progress, createProgress } from './progress.ts'

interface CollectOptions {
  dryRun?: true
  deleteUntagged?: true
  verify?: true
  grace: number
  settle: number
}

interface PurgeCommandOptions {
  dryRun?: true
  age?: number
}

/** Exit status of a program that was ended by Ctrl-C. */
const INTERRUPTED_STATUS = 130

/** Adds the commands that clean up a registry's storage. They may run while registries do, here or anywhere. */
export function addGarbageCommands(program: Command): void {
  const command = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .argument('[config]', 'a config.yml, unless --config names it')
      .option('-d, --dry-run', 'tell what would go, and touch nothing')
  command('garbage-collect', 'delete the blobs that no manifest needs, also while clients push')
    .option('-m, --delete-untagged', 'delete manifests, too, that neither a tag, an index nor a subject leads to')
    .option('--verify', 'read every link and blob that stays, too, and remove blobs that do not have their digest')
    .addOption(durationOption('--grace', 'leave alone what is younger').default(DEFAULT_GRACE_MS, '24h'))
    .addOption(durationOption('--settle', 'what a request may take').default(DEFAULT_SETTLE_MS, '5m'))
    .action((file: string | undefined, options: CollectOptions, command: Command) =>
      collect(configFile(file, command), options),
    )
  command('purge-uploads', 'delete uploads that nobody finishes')
    .addOption(durationOption('--age', 'those started longer ago (default: 168h, or as the configuration says)'))
    .action((file: string | undefined, options: PurgeCommandOptions, command: Command) =>
      purge(configFile(file, command), options),
    )
}

async function collect(file: string, options: CollectOptions): Promise<void> {
  const { dryRun = false, deleteUntagged, verify, grace: graceMs, settle: settleMs } = options
  const config = await configFrom(file)
  await using storage = await createStorage(config)
  const progress = createProgress(process.stdout, process.stderr)
  if (!dryRun && settleMs < MIN_SETTLE_MS) {
    progress.line('Warning: a settling time of less than a minute is safe only while nobody pushes', true)
  }
  await using sharedCache = dryRun ? undefined : await openSharedCache(config, progress)
  const summary = await collectGarbage(storage, {
    graceMs,
    settleMs,
    deleteUntagged,
    verify,
    dryRun,
    signal: stopping(),
    onEvent: event => {
      if (event.type === 'step') progress.step(stepLabels[event.step], event.total)
      if (event.type === 'tick') progress.tick()
      if (event.type === 'unlinked') sharedCache?.forget(event)
      const line = eventLine(event, dryRun)
      if (line !== undefined) progress.line(line, event.type === 'warning' || event.type === 'failure')
    },
  }).finally(() => progress.end())
  for (const line of summaryLines(summary, dryRun)) console.log(line)
  if (summary.failures > 0) process.exitCode = 1
  if (summary.isInterrupted) process.exitCode = INTERRUPTED_STATUS
}

/** Cache that all nodes share, as far as it has to know what a collection takes away. */
interface SharedCache extends AsyncDisposable {
  forget(link: { kind: string; repository: string; digest: Digest }): void
}

/** Opens the cache that all nodes share; undefined where each has its own, which nobody can tell from here. */
async function openSharedCache(config: Config, progress: Pick<Progress, 'line'>): Promise<SharedCache | undefined> {
  const settings = cacheSettings(config)
  if (settings.kind !== 'redis') return undefined
  const warn = (text: string): void => progress.line(`Warning: ${text}`, true)
  const caches = await withLocation(config, () => openCaches(settings, { log: { info: warn, warn } }))
  const byKind: Partial<Record<string, Pick<LookupCache<never>, 'forget'>>> = {
    layer: createBlobCache(caches),
    revision: createManifestCache(caches),
  }
  const forgetting: Promise<void>[] = []
  return {
    forget({ kind, repository, digest }) {
      const told = byKind[kind]?.forget(digestKey(repository, digest))
      if (told) forgetting.push(told)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(forgetting)
      await caches[Symbol.asyncDispose]()
    },
  }
}

async function purge(file: string, options: PurgeCommandOptions): Promise<void> {
  const config = await configFrom(file)
  const { dryRun = false, age: ageMs = registrySettings(config).uploadPurging.ageMs } = options
  await using storage = await createStorage(config)
  const summary = await purgeUploads(storage, {
    ageMs,
    dryRun,
    signal: stopping(),
    onPurged: upload => console.log(purgedLine(upload, dryRun)),
    onFailure: text => console.error(`Failure: ${text}`),
  })
  console.log(purgeSummaryLine(summary, dryRun))
  if (summary.failures > 0) process.exitCode = 1
}

async function configFrom(file: string): Promise<Config> {
  const config = await loadRegistryConfig(file)
  for (const warning of config.warnings) console.error(`Warning: ${warning}`)
  return config
}

/** Makes a signal that aborts when the process is asked to end. */
function stopping(): AbortSignal {
  const controller = new AbortController()
  void shutdownSignal().then(() => controller.abort())
  return controller.signal
}

/** Makes an option whose value is in milliseconds. */
function durationOption(name: string, description: string): Option {
  return new Option(`${name} <duration>`, description).argParser(duration)
}

function duration(given: string): number {
  const { data, error } = option.duration({ zero: true }).safeParse(given)
  if (data !== undefined) return data
  throw new InvalidArgumentError(error?.issues[0]?.message ?? '')
}
