type Handler<Input, Output> = (args: Input) => Promise<Output>

/** Any command of the SDK. */
interface Command {
  readonly middlewareStack: {
    add(
      middleware: <Input, Output>(next: Handler<Input, Output>) => Handler<Input, Output>,
      options: { step: 'build'; name: string; priority: 'low' },
    ): void
  }
}

/**
 * Takes the headers of the checksum out of one request that the client adds to all of them; Content-MD5 stays. Amazon refuses a
 * part with a checksum where the upload names none, as those of other programs do ("Checksum Type mismatch occurred, expected
 * checksum Type: null"), and a batch delete that names MD5 and has it in Content-MD5 only ("x-amz-sdk-checksum-algorithm
 * specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found").
 */
export function omitChecksum(command: Command): void {
  command.middlewareStack.add(
    next => args => {
      const { request } = args as { request?: { headers: Record<string, string> } }
      for (const name of Object.keys(request?.headers ?? {})) {
        if (/^x-amz-(?:checksum-|sdk-checksum-algorithm$)/i.test(name)) delete request?.headers[name]
      }
      return next(args)
    },
    // After the SDK's own, and before the signature.
    { step: 'build', name: 'omitChecksum', priority: 'low' },
  )
}
