import type { Check, CheckContext, Doctor } from '@longshore/middleware-core/cli'
import { bucketCheck } from './bucket-check.ts'
import { connectionChecks } from './connection-checks.ts'
import { credentialsCheck } from './credentials-check.ts'
import { deleteCheck } from './delete-check.ts'
import { permissionChecks } from './permission-checks.ts'
import { Probe } from './probe.ts'
import { problems } from './problems.ts'
import { settingsChecks } from './settings-checks.ts'
import { toldOnce } from './told-once.ts'
import { urlChecks } from './url-checks.ts'

/** Checks of the way to a bucket, its settings, and each permission that the driver needs. */
export const doctor: Doctor = { problems: Object.values(problems), checks }

function checks(context: CheckContext): Check[] {
  // Without a driver its configuration is wrong, which is told already.
  if (!context.storage) return []
  const probe = new Probe(context, context.storage)
  return toldOnce([
    credentialsCheck(probe),
    ...connectionChecks(probe),
    bucketCheck(probe),
    ...settingsChecks(probe),
    ...permissionChecks(probe),
    ...urlChecks(probe),
    deleteCheck(probe),
  ])
}
