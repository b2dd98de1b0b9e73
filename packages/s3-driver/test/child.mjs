// One process of `processes.test.ts` and `memory.test.ts`, on the built packages: node child.mjs JOB OPTIONS [ARGUMENTS...]
import { once } from 'node:events'
import { s3 } from '@longshore/s3-driver'

const [job, options, path, ...numbers] = process.argv.slice(2)
const driver = s3(JSON.parse(options))

/** Bytes that tell where they belong. */
function bytesAt(offset, size) {
  const bytes = Buffer.alloc(size)
  for (let index = 0; index < size; index++) bytes[index] = ((offset + index) * 2654435761) >>> 24
  return bytes
}

async function write(writer, bytes) {
  if (!writer.write(bytes)) await once(writer, 'drain')
}

const jobs = {
  /** Starts or continues an upload, writes up to `end`, then closes, commits or waits to be killed. */
  async upload(end, then) {
    const writer = await driver.writer(path, { append: then !== 'close' && then !== 'hang' })
    const { size } = writer
    await write(writer, bytesAt(size, Number(end) - size))
    if (then === 'close') await writer.close()
    else if (then === 'commit') await writer.commit()
    else setInterval(() => {}, 1000)
    process.stdout.write(`${size}\n`)
  },
  /** Writes `total` bytes and tells by how many bytes resident memory grew at most. */
  async stream(total) {
    const chunk = Buffer.alloc(65536, 'x')
    await driver.putContent('/warm-up', chunk)
    const before = process.memoryUsage.rss()
    let highest = before
    const writer = await driver.writer(path)
    for (let written = 0; written < Number(total); written += chunk.length) {
      await write(writer, chunk)
      if (written % (1 << 20) === 0) highest = Math.max(highest, process.memoryUsage.rss())
    }
    await writer.commit()
    process.stdout.write(`${Math.max(highest, process.memoryUsage.rss()) - before}\n`)
  },
  /** Tells the code of the error that a stat meets. */
  async stat() {
    const code = await driver.stat(path).then(
      () => 'found',
      error => error.code,
    )
    process.stdout.write(`${code}\n`)
  },
}

await jobs[job](...numbers)
