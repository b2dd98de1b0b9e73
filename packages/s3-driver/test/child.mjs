// One process of `processes.slow.test.ts`, `killed.slow.test.ts` and `memory.slow.test.ts`, bundled by `child.ts`: node child.mjs JOB OPTIONS [ARGUMENTS...]
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { defineDriver } from '@longshore/middleware-core'
import { S3Driver } from '../src/driver.ts'
import { s3Options } from '../src/options.ts'
import { s3 } from '../src/s3.ts'

const [job, options, path, ...numbers] = process.argv.slice(2)
const driver = (job === 'churn' ? withParts(Number(numbers[0])) : s3)(JSON.parse(options))

/** A driver with parts of a size that its options would refuse. */
function withParts(size) {
  const small = { chunkSize: size, multipartCopyChunkSize: size, multipartCopyThresholdSize: size }
  return defineDriver({ name: 's3', options: s3Options, create: checked => new S3Driver({ ...checked, ...small }) })
}

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
  /** Uploads, moves and deletes at once, below `path`; a line for each thing done. What a file holds, its path tells. */
  async churn(part) {
    const filled = (name, size) => Buffer.alloc(size, `${path}/${name} `)
    const done = (...words) => writeSync(1, `${words.join(' ')}\n`)
    const large = Number(part) + 1000
    const upload = async (name, size) => {
      const writer = await driver.writer(`${path}/${name}`)
      await write(writer, filled(name, size))
      await writer.commit()
      done('committed', name)
    }
    const tasks = [
      async () => {
        await upload('large', large)
        await driver.move(`${path}/large`, `${path}/moved/large`)
        done('moved', 'large')
      },
      async () => {
        await upload('small', 100)
        await driver.move(`${path}/small`, `${path}/moved/small`)
        done('moved', 'small')
      },
      async () => {
        const writer = await driver.writer(`${path}/closed`)
        await write(writer, filled('closed', Number(part) + 10))
        await writer.close()
        done('closed', Number(part) + 10)
        const next = await driver.writer(`${path}/closed`, { append: true })
        await write(next, filled('closed', large).subarray(next.size))
        await next.commit()
        done('committed', 'closed')
      },
      async () => {
        await Promise.all(['tree/1', 'tree/2/3'].map(name => upload(name, 10)))
        await driver.delete(`${path}/tree`)
        done('deleted')
      },
    ]
    await Promise.all(tasks.map(task => task()))
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
