import type { Check, CheckContext, Doctor } from '@longshore/middleware-core/cli'
import { bucketCheck } from './bucket-check.ts'
import { ExaminedBucket } from './examined-bucket.ts'
import { permissionChecks } from './permission-checks.ts'
import { problems } from './problems.ts'
import { serverChecks } from './server-checks.ts'
import { settingChecks } from './setting-checks.ts'
import { urlChecks } from './url-checks.ts'

/** Checks of a bucket: the way to it, its settings, and every permission that the driver needs. */
export const doctor: Doctor = { problems: Object.values(problems), checks }

function checks(context: CheckContext): Check[] {
  const bucket = new ExaminedBucket(context)
  const withoutFiles = [...serverChecks(bucket), bucketCheck(bucket), ...settingChecks(bucket)]
  const { storage, scratch } = context
  if (!storage) return withoutFiles
  const [deletes, others] = divide(permissionChecks(bucket, storage, scratch))
  return [...withoutFiles, ...others, ...urlChecks(storage, scratch), ...deletes]
}

/** Deletes come last: what the others have written is still to be read. */
function divide(found: readonly Check[]): [deletes: Check[], others: Check[]] {
  const isDelete = ({ name }: Check): boolean => name.startsWith('delete')
  return [found.filter(isDelete), found.filter(check => !isDelete(check))]
}
