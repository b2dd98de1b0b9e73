import type { CollectionEvent, CollectionStep, CollectionSummary, SparingReason } from '../gc/collection.ts'
import { bytes, counted } from '../observability/quantities.ts'
import type { LinkKind } from '../storage/parse-path.ts'

/** Labels of the steps while they run. */
export const stepLabels: Readonly<Record<CollectionStep, string>> = {
  recover: 'Looking for what another collection left',
  mark: 'Reading repositories',
  find: 'Listing blobs',
  settle: 'Waiting for requests under way',
  check: 'Checking repositories again',
  sweep: 'Deleting blobs',
  confirm: 'Checking for blobs that were pushed again',
}

const linkNames: Readonly<Record<LinkKind, string>> = {
  layer: 'blob',
  revision: 'manifest',
  history: 'tag history',
  referrer: 'referrer',
}

const sparingReasons: Readonly<Record<SparingReason, string>> = {
  rewritten: 'it was written again since it was listed',
  'times-differ': 'the storage tells another time of it than in its listing, so it may have been written again',
}

/** Line for an event; undefined for one that people need not read. */
export function eventLine(event: CollectionEvent, dryRun: boolean): string | undefined {
  const would = dryRun ? 'would be ' : ''
  switch (event.type) {
    case 'unlinked':
      return `${would}unlinked: ${linkNames[event.kind]} ${event.repository}@${event.digest}`
    case 'restored':
      return `put back: ${event.path}`
    case 'spared':
      return `kept: ${event.path}: ${sparingReasons[event.reason]}`
    case 'deleted':
      return `${would}deleted: ${event.digest}, ${counted(event.size, 'byte')}`
    case 'warning':
      return `Warning: ${event.text}`
    case 'failure':
      return `Failure: ${event.text}`
    case 'step':
    case 'tick':
      return undefined
  }
}

/** Reason for which nothing may ever go on some storages. */
const differingTimes =
  'HEAD and LIST of this storage differ by a second or more in when they were written, so no run can tell that they are old'

/** Lines for the end of a collection. */
export function summaryLines(summary: CollectionSummary, dryRun: boolean): string[] {
  const { repositories, manifests, blobs, unlinked, restored, spared } = summary
  const { deletedBlobs, freedBytes, warnings, failures } = summary
  const would = dryRun ? 'would be ' : ''
  const links = `${counted(unlinked.layer, 'blob')} and ${counted(unlinked.revision, 'manifest')}`
  const kept = `${counted(manifests, 'manifest')}, ${counted(blobs, 'blob')} of ${bytes(summary.bytes)}`
  const trouble = [
    ...(warnings > 0 ? [counted(warnings, 'warning')] : []),
    ...(failures > 0 ? [counted(failures, 'failure')] : []),
  ]
  return [
    `${kept} kept in ${counted(repositories, 'repository', 'repositories')}`,
    `${links} ${would}unlinked from repositories${restored > 0 ? `; ${counted(restored, 'link')} put back` : ''}`,
    `${counted(deletedBlobs, 'blob')} ${would}deleted, ${bytes(freedBytes)} ${would}freed`,
    ...(spared.rewritten > 0
      ? [`${counted(spared.rewritten, 'link or blob', 'links or blobs')} kept, written again meanwhile`]
      : []),
    ...(spared['times-differ'] > 0 ? [`${counted(spared['times-differ'], 'blob')} kept: ${differingTimes}`] : []),
    ...(trouble.length > 0 ? [trouble.join(', ')] : []),
    ...(summary.isInterrupted ? ['Stopped before the end; all is consistent, and another run goes on'] : []),
  ]
}
