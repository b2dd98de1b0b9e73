import type { Check, CheckContext, Doctor } from '@longshore/middleware-core/cli'
import { settingsOf } from '../distribution.ts'
import { connectionChecks } from './connection-checks.ts'
import { deliveryChecks } from './delivery-checks.ts'
import { Edge } from './edge.ts'
import { keyCheck } from './key-check.ts'
import { problems } from './problems.ts'
import { originPathCheck, refusalChecks, unsignedCheck } from './restriction-checks.ts'

/** Checks of keys, and of the distribution from the outside, as clients meet it. */
export const doctor: Doctor = { problems: Object.values(problems), checks }

function checks(context: CheckContext): Check[] {
  const settings = settingsOf(context.layer)
  const withoutFiles = [keyCheck(settings), ...connectionChecks(settings)]
  if (!context.storage) return withoutFiles
  const edge = new Edge(context.storage, context)
  return [...withoutFiles, originPathCheck(edge), unsignedCheck(edge), ...deliveryChecks(edge), ...refusalChecks(edge)]
}
