import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from '@jest/globals'
import type { LocalCloud, LocalCloudOptions } from '@longshore/local-cloud'
import { type Configuration, type Diagnosis, examine, startRightCloud, writeConfiguration } from './doctor.ts'

/** A cloud and a directory for each test of a file; both are gone after it. */
export interface RightCloud {
  /** Cloud that {@link RightCloud.start} has started. */
  readonly cloud: LocalCloud
  readonly directory: string
  start(options?: LocalCloudOptions): Promise<void>
  /** Writes a configuration for the cloud, and runs the doctor on it. */
  diagnose(configuration?: Configuration): Promise<Diagnosis>
}

export function useRightCloud(): RightCloud {
  let cloud: LocalCloud | undefined
  let directory = ''
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'longshore-doctor-'))
  })
  afterEach(async () => {
    await cloud?.close()
    cloud = undefined
    await rm(directory, { recursive: true })
  })
  const running = (): LocalCloud => {
    if (!cloud) throw new Error('no cloud was started')
    return cloud
  }
  return {
    get cloud() {
      return running()
    },
    get directory() {
      return directory
    },
    start: async options => {
      cloud = await startRightCloud(options)
    },
    diagnose: async configuration => examine(await writeConfiguration(running(), directory, configuration)),
  }
}
