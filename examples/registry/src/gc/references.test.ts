import { describe, expect, it } from '@jest/globals'
import { digestOf } from '../oci/digest.ts'
import { referencesOf } from './references.ts'

const [a, b, c] = ['a', 'b', 'c'].map(text => digestOf(Buffer.from(text)))

function named(manifest: unknown): readonly string[] | undefined {
  return referencesOf(Buffer.from(JSON.stringify(manifest)))?.named
}

describe('what a manifest names', () => {
  it('is config and layers, also those that are kept elsewhere', () => {
    const layers = [{ digest: b }, { digest: c, urls: ['https://example.com/layer'] }]
    expect(named({ schemaVersion: 2, config: { digest: a }, layers })).toEqual([a, b, c])
  })

  it('is the manifests of an index, and what BuildKit keeps there', () => {
    const manifests = [{ digest: a }, { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: b }]
    expect(named({ schemaVersion: 2, manifests, config: { digest: c } })).toEqual([c, a, b])
  })

  it('is the blobs of an ORAS artifact, and the layers of Docker’s first schema', () => {
    expect(named({ mediaType: 'application/vnd.cncf.oras.artifact.manifest.v1+json', blobs: [{ digest: a }] })).toEqual(
      [a],
    )
    expect(named({ schemaVersion: 1, fsLayers: [{ blobSum: a }, { blobSum: b }] })).toEqual([a, b])
  })

  it('is nothing where programs in Go write null for an empty list', () => {
    expect(named({ config: { digest: a }, layers: null })).toEqual([a])
  })

  it('leaves out digests of algorithms that are not collected', () => {
    expect(named({ config: { digest: a }, layers: [{ digest: 'sha384:abc' }] })).toEqual([a])
  })

  it('comes with the sizes that it tells', () => {
    const layers = [{ digest: a, size: 5 }, { digest: b, size: 'x' }, { digest: c }]
    expect(referencesOf(Buffer.from(JSON.stringify({ layers })))?.sizes).toEqual(new Map([[a, 5]]))
  })

  it('does not include its subject', () => {
    const content = JSON.stringify({ layers: [], config: { digest: a }, subject: { digest: b } })
    expect(referencesOf(Buffer.from(content))).toEqual({ named: [a], sizes: new Map(), subject: b })
  })

  it.each([
    '',
    'null',
    '[]',
    '{}',
    '{"layers":{}}',
    '{"layers":[{}]}',
    '{"layers":["x"]}',
    '{"manifests":[{"digest":1}]}',
  ])('is unknown in %j', text => expect(referencesOf(Buffer.from(text))).toBeUndefined())
})
