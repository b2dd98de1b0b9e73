/** An access key as the stand-ins know it. */
export interface Credentials {
  accessKeyId: string
  secretAccessKey: string
  /** When set, requests must carry exactly this token; when not, they must carry none. */
  sessionToken?: string
}
