// Readers of event streams for tests: the whole text, and what both OpenAI clients make of it.
import { APIError as APIError7 } from 'openai';
import { Stream as Stream7 } from 'openai/core/streaming';
import { APIError as APIError4 } from 'openai-v4';
import { Stream as Stream4 } from 'openai-v4/streaming';

/** That client's types are of a `fetch` that Node has long had itself. */
type Response4 = Parameters<typeof Stream4.fromSSEResponse>[0];

/** All chunks of a stream, as one text. */
export async function wholeText(stream: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}

/** The parsers of OpenAI's clients, by the client's version. */
export const clients = {
  'openai 7': {
    read: <Chunk>(text: string, step: number) =>
      Stream7.fromSSEResponse<Chunk>(responseOf(text, step), new AbortController()),
    APIError: APIError7,
  },
  'openai 4': {
    read: <Chunk>(text: string, step: number) =>
      Stream4.fromSSEResponse<Chunk>(responseOf(text, step) as unknown as Response4, new AbortController()),
    APIError: APIError4,
  },
};

/** The names of {@link clients}. */
export const clientNames = Object.keys(clients) as (keyof typeof clients)[];

/** A response that comes `step` bytes at a time, wherever that cuts a character or a line. */
function responseOf(text: string, step: number): Response {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(bytes.slice(at, (at += step)));
    },
  });
  return new Response(body);
}
