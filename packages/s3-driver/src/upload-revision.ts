import { randomUUID } from 'node:crypto'

/** What the revision of an upload begins with that is nothing but its record: no part, no other object. */
const recordAlone = 'record'

/** A new revision. That of an upload which is nothing but its record says so, with the token by which the record is known. */
export function newRevision(isRecordAlone: boolean, token: string | undefined): string {
  return isRecordAlone && token !== undefined ? `${recordAlone} ${token} ${randomUUID()}` : randomUUID()
}

/** The token that is in a revision, which has one only while the upload is nothing but its record. */
export function tokenIn(revision: string): string | undefined {
  const [kind, token] = revision.split(' ')
  return kind === recordAlone ? token : undefined
}
