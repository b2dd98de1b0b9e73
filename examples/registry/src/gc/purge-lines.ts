import { counted } from '../observability/quantities.ts'
import type { PurgeSummary, PurgedUpload } from './purge-uploads.ts'

/** A purge's lines for people, and for a log. */
export function purgedLine({ repository, id, startedAt }: PurgedUpload, dryRun: boolean): string {
  return `${dryRun ? 'would purge' : 'purged'} upload ${id} of ${repository}, started ${startedAt.toISOString()}`
}

export function purgeSummaryLine({ purged, kept, swept, failures }: PurgeSummary, dryRun: boolean): string {
  const done = dryRun ? `${counted(purged, 'upload')} would be purged` : `${counted(purged, 'upload')} purged`
  const writers = dryRun ? '' : `, ${counted(swept, 'unfinished writer')} discarded`
  return `${done}, ${kept} kept${writers}${failures > 0 ? `, ${counted(failures, 'failure')}` : ''}`
}
