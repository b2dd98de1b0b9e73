/**
 * Asks again and again until the condition holds, for a minute at most. A condition that throws does not hold.
 * `giveUp` may say why there is nothing to wait for any more.
 */
export async function until(
  what: string,
  condition: () => Promise<boolean>,
  { giveUp = () => undefined }: { giveUp?: () => string | undefined } = {},
): Promise<void> {
  const deadline = Date.now() + 60_000
  let cause: unknown
  while (Date.now() < deadline) {
    try {
      if (await condition()) return
    } catch (error) {
      cause = error
    }
    const reason = giveUp()
    if (reason !== undefined) throw new Error(`gave up waiting until ${what}: ${reason}`, { cause })
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Error(`waited in vain until ${what}`, { cause })
}
