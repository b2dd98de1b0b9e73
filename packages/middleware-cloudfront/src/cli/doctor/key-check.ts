import { stat } from 'node:fs/promises'
import type { Check, Finding } from '@longshore/middleware-core/cli'
import type { CloudFrontSettings } from '../../options.ts'
import { isPem } from '../../keys/pem.ts'
import { problems } from './problems.ts'
import { readKeys } from './signing-keys.ts'

/** Permission bits of those who are neither the owner nor of the group. */
const OTHERS = 0o007

/** Makes the check of the private keys on this machine. */
export function keyCheck(settings: CloudFrontSettings): Check {
  return {
    name: 'keys',
    title: 'the keys are usable, and for the service alone',
    run: async () => {
      const { usable, unusable } = readKeys(settings)
      // Without any the configuration is wrong, which is told already.
      const told = usable.length > 0 ? unusable : []
      const findings: Finding[] = told.map(evidence => ({ problem: problems.keyUnusable, evidence }))
      const seen: string[] = []
      for (const { keyPairId, privateKey, description } of usable) {
        const file = isPem(privateKey) ? undefined : privateKey
        const mode = file === undefined ? undefined : (await stat(file)).mode & 0o777
        seen.push(`${keyPairId}: ${description}${mode === undefined ? '' : `, mode 0${mode.toString(8)}`}`)
        // Windows has no such bits, and tells 0666.
        if (mode === undefined || (mode & OTHERS) === 0 || process.platform === 'win32') continue
        findings.push({ problem: problems.keyPermissions, evidence: `${file} has mode 0${mode.toString(8)}` })
      }
      return { findings, evidence: seen.join('; ') }
    },
  }
}
