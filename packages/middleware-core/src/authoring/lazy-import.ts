/**
 * Loads a module when it is first used, for what many programs never use: they start sooner. Everybody waits for the same
 * loading; one that failed is not remembered, so the next use tries again.
 */
export function lazyImport<Module>(load: () => Promise<Module>): () => Promise<Module> {
  let loading: Promise<Module> | undefined
  return () => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined
      throw error
    })
    return loading
  }
}
