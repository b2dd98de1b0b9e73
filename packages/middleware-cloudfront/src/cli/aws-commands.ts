/** Lines of the AWS CLI. Its users see what they do, and Longshore needs no permission for it. */

/** Creates the public key in CloudFront, and prints its ID. */
export function createPublicKey(configFile: string): string {
  return `aws cloudfront create-public-key --public-key-config ${quote(`file://${configFile}`)} --query PublicKey.Id --output text`
}

/** Creates a key group of one key, and prints its ID. */
export function createKeyGroup(name: string, keyId: string): string {
  return `aws cloudfront create-key-group --key-group-config ${quote(`Name=${name},Items=${keyId}`)} --query KeyGroup.Id --output text`
}

/** Lists the key groups that a key is in: ID and name. */
export function findKeyGroups(keyId: string): string {
  const query = `KeyGroupList.Items[?contains(KeyGroup.KeyGroupConfig.Items, '${keyId}')].KeyGroup.[Id,KeyGroupConfig.Name]`
  return `aws cloudfront list-key-groups --query "${query}" --output text`
}

/** Gives a key group these keys and no others. The group's ETag makes sure that nobody else has changed it meanwhile. */
export function updateKeyGroup(keyIds: readonly string[]): string[] {
  return [
    'aws cloudfront get-key-group-config --id GROUP_ID --query ETag --output text',
    `aws cloudfront update-key-group --id GROUP_ID --if-match ETAG --key-group-config Name=GROUP_NAME,Items=${keyIds.join(',')}`,
  ]
}

/** Deletes a public key that no key group has any more. */
export function deletePublicKey(keyId: string): string[] {
  return [
    `aws cloudfront get-public-key --id ${keyId} --query ETag --output text`,
    `aws cloudfront delete-public-key --id ${keyId} --if-match ETAG`,
  ]
}

/** Quotes what a shell would not take as one word. */
export function quote(text: string): string {
  return /^[\w./:=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
