/** Runs `count` tasks, so many at once. */
export async function inParallel(
  count: number,
  atOnce: number,
  task: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await task(next++)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker))
}
