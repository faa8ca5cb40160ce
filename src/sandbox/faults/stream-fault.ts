// What may be wrong with a prediction's event stream, as types. How it is done is in `streams/`. The prediction
// itself goes on and may succeed.

/** The kinds of stream faults. */
export const streamFaultKinds = [
  'none',
  'stall',
  'cut',
  'noDone',
  'malformed',
  'awkward',
  'errorEvent',
  'hugeLine',
  'duplicateIds',
] as const;

/**
 * - `none`: 404.
 * - `stall`: silence in place of the next event, for `ms` or for as long as the reader stays.
 * - `cut`: the connection breaks in place of the next event.
 * - `noDone`: all the output, then a clean end without `done`.
 * - `malformed`: before the next event, lines, an event and bytes that a reader has to skip; in the end a
 *   `done` whose data is no JSON.
 * - `awkward`: a sound stream in a form that few writers use: a byte order mark, CR line ends, and every byte
 *   by itself, so that characters arrive in pieces.
 * - `errorEvent`: in place of the next event `error` and `done`, whatever becomes of the prediction.
 * - `hugeLine`: before the next event, an `output` of `size` characters in one line.
 * - `duplicateIds`: every `output` comes twice, under the same id.
 */
export type StreamFaultKind = (typeof streamFaultKinds)[number];

/** What a reader of a prediction's stream meets. */
export interface StreamFault {
  readonly kind: StreamFaultKind;
  /** How many sound `output` events of the connection come before it; 0 when not given. */
  readonly after?: number;
  /** Milliseconds that a stall lasts; without it, it does not end. */
  readonly ms?: number;
  /** Characters of a huge line; 10 Mi when not given. */
  readonly size?: number;
  /** How many connections meet it; 1 when not given. */
  readonly times?: number;
}
