import { s3Error } from '../../errors.ts'
import { invalid } from './checksum-headers.ts'
import type { Rule } from './rule.ts'
import { textHeader } from './rule.ts'

/** A part can be written only into an upload. */
export const noStrayPartNumber: Rule = ({ query }) => {
  if (!query.has('partNumber')) return
  throw s3Error('InvalidArgument', 'This operation does not accept partNumber without uploadId', {
    ArgumentName: 'partNumber',
    ArgumentValue: query.get('partNumber') ?? '',
  })
}

/** Reads: by range or by part ("partNumber: ... effectively performs a 'ranged' GET request"), and of nothing else. */
export const readsOneThing: Rule = request => {
  if (request.query.has('uploads')) throw invalid('Key is not expected for the GET method ?uploads subresource')
  if (request.query.has('partNumber') && textHeader(request, 'range') !== undefined) {
    throw invalid('Cannot specify both Range header and partNumber query parameter')
  }
}
