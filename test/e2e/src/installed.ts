import { spawnSync } from 'node:child_process'

/** Debian's package for each program that tests and figures join in with when it is installed. */
const debianPackages = {
  buildah: 'buildah',
  chromium: 'chromium',
  curl: 'curl',
  debootstrap: 'debootstrap',
  'docker-registry': 'docker-registry',
  openssl: 'openssl',
  podman: 'podman',
  'redis-server': 'redis-server',
  radosgw: 'radosgw ceph-osd ceph-mon ceph-mgr ceph-common',
  skopeo: 'skopeo',
  wrk: 'wrk',
} as const

export type Program = keyof typeof debianPackages

/** Those of the programs that are not there. */
export function missingPrograms(programs: readonly Program[]): Program[] {
  return programs.filter(program => !isInstalled(program))
}

/** The command that installs the programs. */
export function installCommand(programs: readonly Program[]): string {
  return `apt-get install ${programs.map(program => debianPackages[program]).join(' ')}`
}

/** True where the shell finds the command. */
export function isInstalled(command: string): boolean {
  // A login without the administrator's folders in its path may still use what is there.
  const path = `${process.env['PATH']}:/usr/sbin:/sbin`
  return spawnSync('sh', ['-c', `command -v ${command}`], { env: { ...process.env, PATH: path } }).status === 0
}
