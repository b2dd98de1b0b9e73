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
import { parsePath } from './parse-path.ts'

const digest = digestOf(Buffer.from('content'), 'sha512')
const subject = digestOf(Buffer.from('subject'))

it.each(['hello', 'library/hello', 'blobs/a/tags/b'])('knows every place of the layout, in %s', repository => {
  expect(parsePath(blobData(digest))).toEqual({ kind: 'blob', digest })
  expect(parsePath(layerLink(repository, digest))).toEqual({ kind: 'layer', repository, digest })
  expect(parsePath(revisionLink(repository, digest))).toEqual({ kind: 'revision', repository, digest })
  expect(parsePath(referrerLink(repository, subject, digest))).toEqual({ kind: 'referrer', repository, digest })
  expect(parsePath(tagIndexLink(repository, 'index', digest))).toEqual({ kind: 'history', repository, digest })
  expect(parsePath(tagCurrentLink(repository, 'current'))).toEqual({ kind: 'tag', repository, tag: 'current' })
  expect(parsePath(uploadData(repository, 'x'))).toEqual({ kind: 'upload', repository, id: 'x', file: 'data' })
  expect(parsePath(uploadStartedAt(repository, 'x'))).toEqual({
    kind: 'upload',
    repository,
    id: 'x',
    file: 'startedat',
  })
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
  for (const path of others) expect([path, parsePath(path)]).toEqual([path, undefined])
})
