import * as z from 'zod/mini'
import * as option from '../../options/option.ts'

/** Options of the filesystem driver: Distribution's, by its names. */
export interface FilesystemOptions {
  /** Directory that holds everything; a relative one is taken from the working directory. Default: `/var/lib/registry`. */
  rootDirectory?: string | undefined
  /**
   * Accepted for the sake of Distribution's configuration, with a warning and without effect: Node runs file operations
   * on a pool of threads of its own, whose size is the environment variable `UV_THREADPOOL_SIZE`.
   */
  maxThreads?: number | undefined
}

/** Schema of {@link FilesystemOptions}, with defaults and limits. */
export const filesystemOptions = z.object({
  rootDirectory: z._default(option.text(), '/var/lib/registry'),
  maxThreads: z.optional(
    option.unused('UV_THREADPOOL_SIZE in the environment sets the threads of all file operations', {
      schema: option.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    }),
  ),
})
