import { isStorageError } from '../../contract/errors.ts'
import { walkPosition } from '../../contract/paths.ts'
import { bytesOf, collect, write } from '../assertions.ts'
import { randomBytes } from '../random.ts'
import type { Operation, Outcome, OperationTarget, Upload } from './operation.ts'

/** Carries an operation out and tells what came of it, in a form that two drivers' outcomes can be compared in. */
export async function perform(operation: Operation, target: OperationTarget): Promise<Outcome> {
  try {
    return { value: await run(operation, target) }
  } catch (error) {
    return { error: isStorageError(error) ? error.code : String(error) }
  }
}

async function run(operation: Operation, target: OperationTarget): Promise<unknown> {
  const { driver, directory } = target
  const at = (path: string): string => directory + path
  const { kind } = operation
  switch (kind) {
    case 'putContent':
      // Revisions are each storage's own.
      await driver.putContent(at(operation.path), randomBytes(operation.size, operation.seed))
      return undefined
    case 'upload':
      return upload(operation, target)
    case 'getContent':
      return Buffer.from(await driver.getContent(at(operation.path))).toString('hex')
    case 'reader':
      return (await bytesOf(await driver.reader(at(operation.path), { offset: operation.offset }))).toString('hex')
    case 'stat': {
      const { path, size, isDirectory } = await driver.stat(at(operation.path), { fileOnly: operation.fileOnly })
      return { path: path.slice(directory.length), size, isDirectory }
    }
    case 'list':
      return (await driver.list(at(operation.path))).map(child => child.slice(directory.length))
    case 'walk': {
      const { path, startAfter, without } = operation
      const entries = await collect(
        driver.walk(at(path), {
          startAfter: startAfter === undefined ? undefined : at(startAfter),
          descend: info => !without.some(other => at(other) === info.path),
        }),
      )
      return entries.map(entry => [walkPosition(entry).slice(directory.length), entry.size])
    }
    case 'move':
      return driver.move(at(operation.source), at(operation.destination))
    case 'delete':
      return driver.delete(at(operation.path), { fileOnly: operation.fileOnly })
    case 'switch to another driver':
      return undefined
  }
}

async function upload(operation: Upload, { driver, directory, uploads }: OperationTarget): Promise<number> {
  const { path, destination, append, sizes, seed, end } = operation
  const writer = await driver.writer(directory + path, { append, destination: directory + destination })
  const chunks = [uploads.opened(path, writer, append)]
  for (const [index, size] of sizes.entries()) {
    const chunk = randomBytes(size, seed * 100 + index)
    await write(writer, chunk)
    chunks.push(chunk)
  }
  const { size } = writer
  if (end === 'cancel') await writer.cancel()
  if (end === 'close' || end === 'close and commit') {
    await writer.close()
    uploads.closed(path, writer, Buffer.concat(chunks))
  }
  if (end === 'commit' || end === 'close and commit') await writer.commit()
  if (end !== 'close') uploads.ended(path)
  return size
}
