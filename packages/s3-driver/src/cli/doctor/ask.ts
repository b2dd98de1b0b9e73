import { type Asked, explain } from './explain.ts'
import { Found } from './told-once.ts'

/** Runs requests of one question. A refusal that is one of the problems is thrown as {@link Found}. */
export async function asking<T>(asked: Asked, request: () => Promise<T>): Promise<T> {
  try {
    return await request()
  } catch (error) {
    if (error instanceof Found) throw error
    const finding = explain(error, asked)
    throw finding ? new Found(finding) : error
  }
}
