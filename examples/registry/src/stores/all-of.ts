/**
 * What all of some calls give. When one fails the others are waited for before its error is thrown, so that nothing that a
 * request began goes on after its answer, when the storage may be on its way down.
 */
export async function allOf<const Calls extends readonly unknown[]>(
  calls: Calls,
): Promise<{ -readonly [Index in keyof Calls]: Awaited<Calls[Index]> }> {
  await Promise.allSettled(calls)
  return Promise.all(calls)
}
