import { spawnSync } from 'node:child_process'
import { describe } from '@jest/globals'

/** Debian's package for each program that tests join in with when it is installed. */
const packages = {
  debootstrap: 'debootstrap',
  'docker-registry': 'docker-registry',
  radosgw: 'radosgw ceph-osd ceph-mon ceph-mgr ceph-common',
  skopeo: 'skopeo',
} as const

export type Program = keyof typeof packages

/** Environment variable by which `.ci/run` says that nothing may be missing. */
const demandAll = 'LONGSHORE_E2E_DEMAND_ALL'

/**
 * `describe` for tests that need programs beside Node. Where one is missing they are skipped, under a name that says how to
 * have it.
 */
export function describeWith(programs: readonly Program[], name: string, define: () => void): void {
  const missing = programs.filter(program => !isInstalled(program))
  if (missing.length === 0) {
    describe(name, define)
    return
  }
  if (process.env[demandAll]) throw new Error(`not installed: ${missing.join(', ')}`)
  const run = describe.skip
  run(`${name}. To run it: apt-get install ${missing.map(program => packages[program]).join(' ')}`, define)
}

function isInstalled(program: Program): boolean {
  // A login without the administrator's folders in its path may still use what is there.
  const path = `${process.env['PATH']}:/usr/sbin:/sbin`
  return spawnSync('sh', ['-c', `command -v ${program}`], { env: { ...process.env, PATH: path } }).status === 0
}
