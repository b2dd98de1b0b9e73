import { readFile } from 'node:fs/promises'

interface Policy {
  Version: string
  Statement: { Effect: string; Action: string[]; Resource: string; Principal?: unknown }[]
}

/** The policy that the S3 driver's README tells people to use, as a policy of `bucket` that allows it to one user. */
export async function documentedPolicy(bucket: string, user: string): Promise<Policy> {
  const readme = await readFile(new URL('../../../packages/s3-driver/README.md', import.meta.url), 'utf8')
  const [, json] = /^## Permissions$[^]*?^```json$([^]*?)^```$/m.exec(readme) ?? []
  if (json === undefined) throw new Error("the S3 driver's README has no policy under Permissions")
  const policy = JSON.parse(json.replaceAll(':::artifacts', `:::${bucket}`)) as Policy
  for (const statement of policy.Statement) statement.Principal = { AWS: [`arn:aws:iam:::user/${user}`] }
  return policy
}
