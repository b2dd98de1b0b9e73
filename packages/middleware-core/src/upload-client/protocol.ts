/*
 * Messages between a client of direct uploads and the service. The service answers below one URL:
 *
 * | request | body | response |
 * |---|---|---|
 * | `POST {url}` | `NewUpload` | 201 `StartedUpload` |
 * | `GET {url}/{id}` | | 200 `UploadStatus`; 404 when the upload is gone |
 * | `POST {url}/{id}/parts` | `RequestedPart[]` | 200 `PartRequest[]` in the same order |
 * | `POST {url}/{id}/commit` | | 200 `CommittedUpload`; 409 when parts are missing |
 * | `DELETE {url}/{id}` | | 204 |
 *
 * An error is JSON, too: `{ "code": "...", "message": "..." }`.
 */

/** File that a client wants to upload. */
export interface NewUpload {
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** Media type; empty where the client knows none. */
  readonly type: string
}

/** Upload that the service has started. */
export interface StartedUpload {
  /** Name of the upload in the service's URLs. */
  readonly id: string
  /** Bytes of each part but the last. */
  readonly partSize: number
}

/** Progress of an upload. */
export interface UploadStatus extends StartedUpload {
  /** Bytes of the whole file. */
  readonly size: number
  /** Parts that have arrived. */
  readonly parts: readonly { readonly number: number; readonly size: number }[]
}

/** Part that a client asks to send. */
export interface RequestedPart {
  /** The first is 1. */
  readonly number: number
  /** 64 hexadecimal digits; the storage refuses other bytes. */
  readonly sha256: string
}

/** Request to send to the storage as it is. */
export interface PartRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** File that an upload has become. */
export interface CommittedUpload {
  /** Bytes. */
  readonly size: number
  /** Path of the file in the storage. */
  readonly path: string
}

/** Parts that one request may ask for at most. */
export const MAX_REQUESTED_PARTS = 100
