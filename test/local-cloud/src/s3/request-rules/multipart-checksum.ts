import { CHECKSUM_ALGORITHMS } from './header-groups.ts'
import { invalid, isKnown } from './checksum-headers.ts'
import type { Rule } from './rule.ts'
import { textHeader } from './rule.ts'

/** "Full object and composite checksum types" in "Checking object integrity", S3 User Guide. */
const TYPES: Record<keyof typeof CHECKSUM_ALGORITHMS, readonly string[]> = {
  crc32: ['COMPOSITE', 'FULL_OBJECT'],
  crc32c: ['COMPOSITE', 'FULL_OBJECT'],
  crc64nvme: ['FULL_OBJECT'],
  md5: ['COMPOSITE'],
  sha1: ['COMPOSITE'],
  sha256: ['COMPOSITE'],
  sha512: ['COMPOSITE'],
  xxhash3: ['COMPOSITE'],
  xxhash64: ['COMPOSITE'],
  xxhash128: ['COMPOSITE'],
}

/** The checksum that CreateMultipartUpload asks for, and its type (versitygw#1329, #1339). */
export const multipartChecksum: Rule = request => {
  const algorithm = textHeader(request, 'x-amz-checksum-algorithm')?.toLowerCase()
  const type = textHeader(request, 'x-amz-checksum-type')?.toUpperCase()
  if (algorithm === undefined) {
    if (type === undefined) return
    throw invalid('The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.')
  }
  if (!isKnown(algorithm)) {
    const names = Object.keys(CHECKSUM_ALGORITHMS).map(name => name.toUpperCase())
    throw invalid(
      `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${names.join(', ')}]`,
    )
  }
  if (type === undefined) return
  if (type !== 'COMPOSITE' && type !== 'FULL_OBJECT') throw invalid('Value for x-amz-checksum-type header is invalid.')
  if (!TYPES[algorithm].includes(type)) {
    throw invalid(`The ${type} checksum type cannot be used with the ${algorithm} checksum algorithm.`)
  }
}

/** The type that an upload has whose creation names none. */
export function defaultType(algorithm: string): 'COMPOSITE' | 'FULL_OBJECT' {
  return algorithm === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE'
}
