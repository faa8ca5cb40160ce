// Reads the bytes of one of Replicate's event streams as events. Connections are stream-watch.ts's.
import { createParser, type EventSourceMessage, ParseError } from 'eventsource-parser';

/** Replicate's kinds of events. */
const TYPES = ['output', 'logs', 'error', 'done'] as const;

/**
 * One event.
 *
 * - `output`: a piece of the output, as it is: a space at its start belongs to it.
 * - `error`: `{"detail":…}` as JSON, or bare text; `done` follows.
 * - `done`: `{}`, or `{"reason":"canceled"|"error"}` as JSON. The last one.
 */
export interface StreamEvent {
  readonly type: (typeof TYPES)[number];
  readonly data: string;
  /** To continue after it on another connection. */
  readonly id: string | undefined;
}

/** Longest event that is read, in characters: as long as the longest answer. */
const MAX_EVENT = 2 * 1024 ** 2;

/**
 * The events in a stream of bytes. What is cut off, and events of other kinds, are left out.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 * @throws {ParseError} at an event that is far too long, and whatever reading throws
 */
export async function* readEvents(
  chunks: AsyncIterable<Uint8Array>,
  maxEvent = MAX_EVENT,
): AsyncGenerator<StreamEvent, void> {
  // The parser takes the byte order mark off, as it must be taken off only once.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let events: StreamEvent[] = [];
  let tooLong: ParseError | undefined;
  const parser = createParser({
    maxBufferSize: maxEvent,
    onEvent: (message) => events.push(...known(message)),
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') tooLong = error;
    },
  });
  for await (const chunk of chunks) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    yield* events;
    events = [];
    if (tooLong) throw tooLong;
  }
}

function known({ event, data, id }: EventSourceMessage): StreamEvent[] {
  const type = TYPES.find((name) => name === event);
  return type === undefined ? [] : [{ type, data, id }];
}
