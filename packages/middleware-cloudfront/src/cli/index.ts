import type { CliContext, Command } from '@longshore/middleware-core/cli'
import { addCookies } from './cookies.ts'
import { addExplain } from './explain.ts'
import { addKeygen } from './keygen.ts'
import { addRotate } from './rotate.ts'
import { addSign } from './sign.ts'

export { doctor } from './doctor/index.ts'
export { policies } from './policy/index.ts'
export { edge } from './edge/index.ts'

/** Adds the commands of `longshore cloudfront`. */
export function addCommands(group: Command, context: CliContext): void {
  group.description('keys, signed URLs and cookies of CloudFront')
  for (const add of [addKeygen, addSign, addCookies, addExplain, addRotate]) add(group, context)
}
