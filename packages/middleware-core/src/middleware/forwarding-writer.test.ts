import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, expect, it } from '@jest/globals'
import { type Readable } from 'node:stream'
import type {
  Capabilities,
  FileWriter,
  PutOptions,
  ReadOptions,
  StorageDriver,
  WriteOptions,
  WriteResult,
} from '../contract/index.ts'
import { driverFrom } from '../authoring/base-driver.ts'
import { InMemoryDriver } from '../drivers/inmemory/driver.ts'
import { inmemory } from '../drivers/inmemory/index.ts'
import { findCapabilities, testDriver } from '../testing/index.ts'
import { forwardReader } from './forward-reader.ts'
import { ForwardingDriver } from './forwarding-driver.ts'
import { ForwardingWriter } from './forwarding-writer.ts'

/** Inverts every bit: encryption in the shape that all of the contract can be tried with. */
const invert = (bytes: Uint8Array): Uint8Array => bytes.map(byte => byte ^ 0xff)

class InvertingWriter extends ForwardingWriter {
  protected override transform(chunk: Uint8Array): Uint8Array {
    return invert(chunk)
  }
}

const inverting = (): Transform =>
  new Transform({ transform: (chunk: Buffer, _, callback) => callback(null, invert(chunk)) })

class InvertingDriver extends ForwardingDriver {
  override get capabilities(): Capabilities {
    const around = { urls: false, downloads: false, uploadUrls: false, uploadForms: false, directUploads: false }
    return { ...super.capabilities, ...around }
  }

  override async getContent(...call: Parameters<StorageDriver['getContent']>): Promise<Uint8Array> {
    return invert(await super.getContent(...call))
  }

  override putContent(path: string, content: Uint8Array | string, options?: PutOptions): Promise<WriteResult> {
    return super.putContent(path, invert(Buffer.from(content as string)), options)
  }

  override putStream(...[path, source, options]: Parameters<StorageDriver['putStream']>): Promise<WriteResult> {
    const inverted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of source) yield invert(chunk as Uint8Array)
    }
    return super.putStream(path, inverted(), options)
  }

  override async reader(path: string, options?: ReadOptions): Promise<Readable> {
    return forwardReader(await super.reader(path, options), inverting())
  }

  override async writer(path: string, options?: WriteOptions): Promise<FileWriter> {
    return new InvertingWriter(await super.writer(path, options))
  }
}

const storage = new InMemoryDriver()
const plain = (): StorageDriver => driverFrom('inmemory', storage, inmemory().capabilities)
const create = (): StorageDriver => new InvertingDriver(plain())

testDriver({ describe, it }, { name: 'inverting middleware', create, capabilities: await findCapabilities(create) })

describe('a middleware over streams', () => {
  it('changes the bytes that are stored', async () => {
    const writer = await create().writer('/a')
    await pipeline([Buffer.from('content')], writer, { end: false })
    await writer.commit()
    expect(Buffer.from(await plain().getContent('/a'))).toEqual(Buffer.from(invert(Buffer.from('content'))))
    expect(Buffer.from(await create().getContent('/a')).toString()).toBe('content')
  })

  it('writes what it held back at the end, once', async () => {
    class Framed extends ForwardingWriter {
      protected override flush(): Uint8Array {
        return Buffer.from('.')
      }
    }
    for (const isClosed of [false, true]) {
      const writer = new Framed(await plain().writer('/a'))
      writer.write('content')
      if (isClosed) await writer.close()
      await writer.commit()
      expect(Buffer.from(await plain().getContent('/a')).toString()).toBe('content.')
    }
  })

  it('tells what goes wrong in a transform, and publishes nothing', async () => {
    class Failing extends ForwardingWriter {
      protected override transform(): Promise<Uint8Array> {
        return Promise.reject(new Error('no key'))
      }
    }
    await plain().putContent('/a', 'before')
    const writer = new Failing(await plain().writer('/a'))
    writer.write('content')
    await expect(writer.commit()).rejects.toThrow('no key')
    expect(Buffer.from(await plain().getContent('/a')).toString()).toBe('before')
  })
})
