/**
 * Ability of a driver: `true` always, `false` never, `varies` where it depends on the server. Where the server turns out not
 * to have it, the call fails with `UNSUPPORTED` before anything is changed.
 */
export type Capability = boolean | 'varies'

/**
 * Abilities of a driver, as data: callers, middlewares and tests ask here instead of trying. An option that needs an ability
 * which is `false` makes the call fail with `UNSUPPORTED`; none is dropped in silence. A middleware passes the abilities of
 * the driver it wraps on, and changes those that it gives or takes away.
 */
export interface Capabilities {
  /** `urlFor` gives URLs. Without it: always `undefined`, serve the file yourself. */
  readonly urls: Capability
  /** `urlFor` honours `download`: file name and headers of the response. Without it such a call gives `undefined`. */
  readonly downloads: Capability
  /** `uploadUrlFor` signs a `PUT`. */
  readonly uploadUrls: Capability
  /** `uploadFormFor` signs a `POST` form for browsers. */
  readonly uploadForms: Capability
  /** `directUpload`: clients send parts to the storage itself. */
  readonly directUploads: Capability
  /** `stat` tells a file's revision; `reader` and `move` take `ifRevision`. */
  readonly revisions: Capability
  /** A writer tells its upload's `revision`. */
  readonly uploadRevisions: Capability
  /** `putContent`, `putStream` and `writer` store `metadata`; `stat` tells it. */
  readonly metadata: Capability
  /** `putContent` takes `ifAbsent`. */
  readonly putIfAbsent: Capability
  /** `putContent` takes `ifRevision`. Implies `revisions`. */
  readonly putIfRevision: Capability
  /** `commit` and `putStream` take `ifAbsent`, whatever the size. */
  readonly commitIfAbsent: Capability
  /** `commit` and `putStream` take `ifRevision`, whatever the size. Implies `revisions`. */
  readonly commitIfRevision: Capability
  /** `delete` of a file takes `ifRevision`. Implies `revisions`. */
  readonly deleteIfRevision: Capability
}

/** The abilities that a driver has unless it declares others: none. */
export const noCapabilities: Capabilities = {
  urls: false,
  downloads: false,
  uploadUrls: false,
  uploadForms: false,
  directUploads: false,
  revisions: false,
  uploadRevisions: false,
  metadata: false,
  putIfAbsent: false,
  putIfRevision: false,
  commitIfAbsent: false,
  commitIfRevision: false,
  deleteIfRevision: false,
}
