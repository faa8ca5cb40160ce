// How much time, space and patience a guarded request gets.

/** Bounds of a guarded request. Times are in milliseconds. */
export interface EgressLimits {
  /** From the start to the last byte, redirects included. */
  readonly totalMs: number;
  /** To look up a name and connect, once a hop. */
  readonly connectMs: number;
  /** From a request to the whole head of its answer, once a hop; also the longest silence within a body. */
  readonly headersMs: number;
  /** How long a body may be slow before `minBytesPerSecond` counts. */
  readonly slowStartMs: number;
  /** The slowest average that a body may have. */
  readonly minBytesPerSecond: number;
  /** Most redirects that are followed. */
  readonly maxRedirects: number;
  /** Largest head of an answer, in bytes. */
  readonly maxHeaderBytes: number;
  /** Most connections to one origin; further requests to it wait, within their own time. */
  readonly connectionsPerOrigin: number;
  /** Least time that a failure before an answer takes, so that "blocked" is not faster than "nobody listens". */
  readonly failureFloorMs: number;
}

/** The limits in production. */
export const DEFAULT_LIMITS: EgressLimits = {
  totalMs: 15_000,
  connectMs: 5000,
  headersMs: 5000,
  slowStartMs: 3000,
  minBytesPerSecond: 1024,
  maxRedirects: 3,
  maxHeaderBytes: 16_384,
  // As many as images are loaded at the same time: who waited here would be told that the address is at fault.
  connectionsPerOrigin: 32,
  failureFloorMs: 300,
};
