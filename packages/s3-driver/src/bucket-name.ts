/** An access point in one region: the only ARN whose requests are those of a bucket. */
const accessPoint = /^arn:aws[a-z-]*:s3:[a-z0-9-]+:\d{12}:accesspoint[/:][a-z0-9-]+$/

const kinds: readonly (readonly [RegExp, string])[] = [
  [
    /--(?:x|xa)-s3$/,
    'a directory bucket (S3 Express One Zone): it lists without an order and only by whole directories, which neither walk nor a registry can use',
  ],
  [/^arn:aws[a-z-]*:s3express:/, 'a directory bucket (S3 Express One Zone), which lists without an order'],
  [/^arn:aws[a-z-]*:s3-object-lambda:|--ol-s3$/, 'an Object Lambda access point, which only reads'],
  [/^arn:aws[a-z-]*:s3-outposts:|--op-s3$/, 'S3 on Outposts, where conditional writes are missing'],
  [
    /^arn:aws[a-z-]*:s3::|\.mrap$/,
    'a multi-region access point: its buckets follow one another only after a while, and its signature is another (SigV4A)',
  ],
]

/** Reason why a bucket of this name cannot be used; undefined where it can. */
export function unusableBucket(name: string): string | undefined {
  const kind = kinds.find(([pattern]) => pattern.test(name))?.[1]
  if (kind) return `names ${kind}`
  return name.startsWith('arn:') && !accessPoint.test(name) ? 'is an ARN, and not that of an access point' : undefined
}
