import type { UploadPartCommand } from '@aws-sdk/client-s3'

/**
 * Takes the checksum out of one request that the client adds to all of them: Amazon refuses a part with one where the upload
 * names none, as those of other programs do ("Checksum Type mismatch occurred, expected checksum Type: null").
 */
export function omitChecksum(command: UploadPartCommand): void {
  command.middlewareStack.add(
    next => args => {
      const { request } = args as { request?: { headers: Record<string, string> } }
      for (const name of Object.keys(request?.headers ?? {})) {
        if (/^x-amz-(?:checksum-|sdk-checksum-algorithm$)/i.test(name)) delete request?.headers[name]
      }
      return next(args)
    },
    // Behind the SDK's own, and before the signature.
    { step: 'build', name: 'omitChecksum', priority: 'low' },
  )
}
