import type { CheckedS3Options } from '../options.ts'

/** Fields of every request that creates an object, from the driver's options. */
export interface ObjectSettings {
  ContentType: string
  StorageClass?: Exclude<CheckedS3Options['storageClass'], 'NONE'>
  ServerSideEncryption?: 'AES256' | 'aws:kms'
  SSEKMSKeyId?: string
  ACL?: Exclude<CheckedS3Options['objectAcl'], undefined>
}

/** Maps the driver's options to those fields. */
export function objectSettings(options: CheckedS3Options): ObjectSettings {
  const settings: ObjectSettings = { ContentType: 'application/octet-stream' }
  if (options.storageClass !== 'NONE') settings.StorageClass = options.storageClass
  if (options.encrypt) {
    settings.ServerSideEncryption = options.keyId === undefined ? 'AES256' : 'aws:kms'
    if (options.keyId !== undefined) settings.SSEKMSKeyId = options.keyId
  }
  if (options.objectAcl) settings.ACL = options.objectAcl
  return settings
}
