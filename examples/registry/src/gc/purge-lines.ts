import { counted } from '../observability/quantities.ts'
import type { PurgeSummary, PurgedUpload } from './purge-uploads.ts'

/** Line for an upload that was purged, for people and for a log. */
export function purgedLine({ repository, id, startedAt }: PurgedUpload, dryRun: boolean): string {
  return `${dryRun ? 'would purge' : 'purged'} upload ${id} of ${repository}, started ${startedAt.toISOString()}`
}

/** Line for the end of a purge. */
export function purgeSummaryLine({ purged, kept, discarded, failures }: PurgeSummary, dryRun: boolean): string {
  const done = dryRun ? `${counted(purged, 'upload')} would be purged` : `${counted(purged, 'upload')} purged`
  const writers = dryRun ? '' : `, ${counted(discarded, 'unfinished writer')} discarded`
  return `${done}, ${kept} kept${writers}${failures > 0 ? `, ${counted(failures, 'failure')}` : ''}`
}
