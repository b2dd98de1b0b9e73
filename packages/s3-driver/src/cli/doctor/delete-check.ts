import type { Check, Outcome } from '@longshore/middleware-core/cli'
import { Deleter } from '../../objects/delete.ts'
import { deleteObject } from '../../objects/delete-object.ts'
import { asking } from './ask.ts'
import type { Probe } from './probe.ts'
import { problems } from './problems.ts'

/** Makes the check of deletes, which removes what the others have written: it comes last. */
export function deleteCheck(probe: Probe): Check {
  const { bucket } = probe
  return {
    name: 'delete',
    title: 's3:DeleteObject: files are deleted, one and several',
    after: ['bucket'],
    run: signal =>
      asking(
        { operation: 'DeleteObject, DeleteObjects', denied: problems.deleteDenied },
        async (): Promise<Outcome> => {
          const [first, ...others] = probe.ownFiles
          const options = { signal: probe.limited(signal) }
          await deleteObject(bucket, bucket.ref(first), options)
          const keys = others.map(path => bucket.keys.key(path))
          await new Deleter(bucket).deleteKeys(keys, first, options)
          return {}
        },
      ),
  }
}
