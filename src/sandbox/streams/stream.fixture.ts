// A reader of streams for this room's specs: a foreign parser on a bare connection. Nothing else imports it.
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { request } from 'undici';
import type { Answer } from '../sandbox.fixture.js';

/** What came through a stream. */
export interface ReadStream {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Every byte, as UTF-8. */
  readonly text: string;
  readonly events: readonly EventSourceMessage[];
  /** `done` came, the stream ended without it, or the connection broke. */
  readonly end: 'done' | 'ended' | 'broken';
}

/** The address of a prediction's stream. */
export function streamUrl(created: Answer): string {
  return (created.body.urls as { stream: string }).stream;
}

/** Reads until `done`, or with `toTheEnd` until there is nothing more. */
export async function readStream(
  url: string,
  options: { headers?: Record<string, string>; toTheEnd?: boolean } = {},
): Promise<ReadStream> {
  const events: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => events.push(event) });
  const { statusCode: status, headers, body } = await request(url, { headers: options.headers ?? {} });
  const decoder = new TextDecoder();
  let text = '';
  const isDone = () => events.at(-1)?.event === 'done';
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      const piece = decoder.decode(chunk, { stream: true });
      text += piece;
      parser.feed(piece);
      if (isDone() && !options.toTheEnd) break;
    }
  } catch {
    return { status, headers, text, events, end: 'broken' };
  }
  return { status, headers, text, events, end: isDone() ? 'done' : 'ended' };
}

/** The outputs of a stream, in the order in which they came. */
export function outputs({ events }: ReadStream): string[] {
  return events.filter(({ event }) => event === 'output').map(({ data }) => data);
}
