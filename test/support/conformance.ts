// The checks of conformance-check.ts for whole-app tests: for `send()` of gateway.ts, for streams that a test reads
// itself, and as the `fetch` of a foreign client.
import { afterEach } from 'vitest';
import { canary } from './canary.js';
import { Conformance, type Exchange, isEventStream } from './conformance-check.js';
import { type ApiDocument, committedDocument, openaiDocument } from './conformance-schemas.js';
import type { StreamCheck } from './conformance-stream.js';

let checks: Conformance | undefined;
let document: () => ApiDocument = committedDocument;

/**
 * Says what describes the gateway under test: the document of its own code, which test/contract/openapi.spec.ts holds
 * the committed openapi.json against, byte for byte. So a stale file is that spec's failure, and not everyone's.
 */
export function describedBy(built: () => unknown): void {
  document = () => built() as ApiDocument;
}

/** The checks of this spec file, made when the first answer comes. */
export function conformance(): Conformance {
  return (checks ??= new Conformance(document(), openaiDocument()));
}

/** Fails where an answer is not as the documents say. */
export function expectConformant(exchange: Exchange): void {
  fail(`${exchange.method} ${exchange.path} → ${exchange.status}`, conformance().violations(exchange));
}

/** Fails where the text of a stream is not as the documents say. One that its reader left early may lack its end. */
export function conformantStream(
  text: string,
  { path = '/v1/chat/completions', left = false }: { path?: string; left?: boolean } = {},
): void {
  const stream = conformance().stream({ method: 'POST', path });
  stream.feed(text);
  if (!left) stream.end();
  fail(`POST ${path}, a stream`, stream.violations);
}

/** What {@link conformantFetch} saw since the last test: clients catch and retry, so it is no use to throw at them. */
const seen: string[] = [];
afterEach(() => fail('conformantFetch', takeSeen()));

/** Takes what was noted, which then fails no test: for the test of the check itself. */
export function takeSeen(): readonly string[] {
  return seen.splice(0);
}

/**
 * `fetch` for a foreign client: checks every answer of the gateway that passes, a stream chunk by chunk as it comes.
 * What is wrong fails the test at its end, whatever the client makes of it.
 */
export const conformantFetch: typeof fetch = async (input, init) => {
  canary.sent(init?.body);
  const response = await fetch(input, init);
  const request = { method: methodOf(input, init), path: addressOf(input) };
  const note = (violations: readonly string[]) => {
    seen.push(
      ...violations.map(
        (violation) => `${request.method} ${request.path} → ${response.status}: ${violation}`,
      ),
    );
  };
  const exchange = { ...request, status: response.status, headers: Object.fromEntries(response.headers) };
  if (isEventStream(exchange) && response.body) {
    note(conformance().headViolations({ ...exchange, text: '' }));
    return watch(response, conformance().stream(request), note);
  }
  note(conformance().violations({ ...exchange, text: await response.clone().text() }));
  return response;
};

/** The same answer, whose stream is checked while it is read: nothing is held back. */
function watch(
  response: Response,
  check: StreamCheck,
  note: (violations: readonly string[]) => void,
): Response {
  const decoder = new TextDecoder();
  const passing = new TransformStream<Uint8Array, Uint8Array>({
    transform: (bytes, controller) => {
      controller.enqueue(bytes);
      check.feed(decoder.decode(bytes, { stream: true }));
      note(check.violations.splice(0));
    },
    // Only at a clean end: a reader that leaves, or a connection that breaks, ends otherwise.
    flush: () => {
      check.end();
      note(check.violations.splice(0));
    },
  });
  const watched = new Response(response.body?.pipeThrough(passing), response);
  return Object.defineProperty(watched, 'url', { value: response.url });
}

function fail(what: string, violations: readonly string[]): void {
  if (violations.length > 0) throw new Error(`not conformant: ${what}\n  ${violations.join('\n  ')}`);
}

function methodOf(input: Parameters<typeof fetch>[0], init?: RequestInit): string {
  return (init?.method ?? (input instanceof Request ? input.method : 'GET')).toUpperCase();
}

function addressOf(input: Parameters<typeof fetch>[0]): string {
  const { pathname, search } = new URL(input instanceof Request ? input.url : input);
  return pathname + search;
}
