import { expect, it } from '@jest/globals'
import { digestOf } from '../oci/digest.ts'
import {
  blobData,
  layerLink,
  referrerLink,
  revisionLink,
  tagCurrentLink,
  tagIndexLink,
  uploadData,
  uploadStartedAt,
} from './layout.ts'
import { placeOf } from './places.ts'

const digest = digestOf(Buffer.from('content'), 'sha512')
const subject = digestOf(Buffer.from('subject'))

it.each(['hello', 'library/hello', 'blobs/a/tags/b'])('knows every place of the layout, in %s', repository => {
  expect(placeOf(blobData(digest))).toEqual({ kind: 'blob', digest })
  expect(placeOf(layerLink(repository, digest))).toEqual({ kind: 'layer', repository, digest })
  expect(placeOf(revisionLink(repository, digest))).toEqual({ kind: 'revision', repository, digest })
  expect(placeOf(referrerLink(repository, subject, digest))).toEqual({ kind: 'referrer', repository, digest })
  expect(placeOf(tagIndexLink(repository, 'index', digest))).toEqual({ kind: 'history', repository, digest })
  expect(placeOf(tagCurrentLink(repository, 'current'))).toEqual({ kind: 'tag', repository, tag: 'current' })
  expect(placeOf(uploadData(repository, 'x'))).toEqual({ kind: 'upload', repository, id: 'x', file: 'data' })
  expect(placeOf(uploadStartedAt(repository, 'x'))).toEqual({ kind: 'upload', repository, id: 'x', file: 'startedat' })
})

it('knows no others', () => {
  const [layer, revision] = [layerLink('hello', digest), revisionLink('hello', digest)]
  const others = [
    '/link',
    `/other${layer}`,
    `${layer}/link`,
    layer.replace('sha512', 'sha256'),
    layer.replace('_layers', '_blobs'),
    layer.replace('hello/', ''),
    revision.replace('revisions', 'versions'),
    blobData(digest).replace(/\/data$/, '/data2'),
    blobData(digest).replace(/\/..\//, '/zz/'),
  ]
  for (const path of others) expect([path, placeOf(path)]).toEqual([path, undefined])
})
