import { s3Error } from '../../errors.ts'
import type { Rule } from './rule.ts'
import { textHeader } from './rule.ts'

/** "Valid Values: COPY | REPLACE" (CopyObject). */
export const copyDirectives: Rule = request => {
  for (const kind of ['metadata', 'tagging']) {
    const name = `x-amz-${kind}-directive`
    const value = textHeader(request, name)
    if (value === undefined || value === 'COPY' || value === 'REPLACE') continue
    throw s3Error('InvalidArgument', `Unknown ${kind} directive.`, { ArgumentName: name, ArgumentValue: value })
  }
}
