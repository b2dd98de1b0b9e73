import { writeSync } from 'node:fs'
import { filesystem } from '../../src/drivers/filesystem/index.ts'

/** Calls that promise that what they stored is on the disk, each between two lines that name it. */
const storage = filesystem({ rootDirectory: process.argv[2] ?? '' })

async function traced(name: string, call: () => Promise<unknown>): Promise<void> {
  writeSync(1, `begin ${name}\n`)
  await call()
  writeSync(1, `end ${name}\n`)
}

await traced('putContent', () => storage.putContent('/put/file', 'content'))
await traced('putContent where no file is', () => storage.putContent('/new/file', 'content', { ifAbsent: true }))
const closed = await storage.writer('/closed/file')
closed.write('content')
await traced('close', () => closed.close())
await traced('commit after a close', () => closed.commit())
const open = await storage.writer('/open/file', { destination: '/committed/file' })
open.write('content')
await traced('commit', () => open.commit())
await traced('move', () => storage.move('/put/file', '/moved/file'))
