// Holds an answer against two documents: openapi.json, and what OpenAI publishes of the shapes that we speak.
// What may differ is listed in conformance-differences.ts, and nowhere else. How answers get here: conformance.ts.
import {
  DIFFERENCES,
  NO_ERRORS,
  UNCHECKED_METHODS,
  UNDESCRIBED,
  UNDESCRIBED_PATHS,
} from './conformance-differences.js';
import { matchContentType, Operations, type Found } from './conformance-routes.js';
import { type ApiDocument, type Complaints, Schemas } from './conformance-schemas.js';
import { StreamCheck } from './conformance-stream.js';

/** A request's line and its answer. */
export interface Exchange {
  readonly method: string;
  /** The address at the gateway, which may have a query. */
  readonly path: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The whole body; empty where it was not read. */
  readonly text: string;
}

/** What OpenAI's document calls the bodies of an operation that is its as well as ours. */
const SHAPES: readonly { method: string; path: RegExp; answer: string; chunk?: string }[] = [
  {
    method: 'POST',
    path: /^\/v1\/chat\/completions$/,
    answer: 'CreateChatCompletionResponse',
    chunk: 'CreateChatCompletionStreamResponse',
  },
  {
    method: 'POST',
    path: /^\/v1\/completions$/,
    answer: 'CreateCompletionResponse',
    chunk: 'CreateCompletionResponse',
  },
  { method: 'GET', path: /^\/v1\/models$/, answer: 'ListModelsResponse' },
  { method: 'GET', path: /^\/v1\/models\/.+$/, answer: 'Model' },
];

const EVENT_STREAM = 'text/event-stream';

const OPENAI = "OpenAI's document";

/** Checks answers against one document of ours and OpenAI's. Compiles a schema when it is first needed. */
export class Conformance {
  private readonly operations: Operations;
  private readonly ours: Schemas;
  private readonly theirs: Schemas;

  constructor(document: ApiDocument, openai: ApiDocument) {
    this.operations = new Operations(document);
    this.ours = new Schemas('openapi.json', document, { closed: true });
    this.theirs = new Schemas('openai', openai, { closed: false });
  }

  /** Everything that is wrong with an answer that was read whole. */
  violations(exchange: Exchange): readonly string[] {
    const { method, path, text } = exchange;
    if (UNCHECKED_METHODS.has(method) || isUndescribed(path)) return [];
    if (isEventStream(exchange)) {
      const stream = this.stream(exchange);
      stream.feed(text);
      stream.end();
      return [...this.headViolations(exchange), ...stream.violations];
    }
    const body = parseBody(exchange);
    if (body instanceof Error) return [`the body is no JSON: ${text.slice(0, 200)}`];
    return [
      ...this.headViolations(exchange),
      ...bySource('openapi.json', this.ownBody(exchange, body)),
      ...bySource(OPENAI, this.openaiBody(exchange, body)),
    ];
  }

  /** What is wrong with an answer's status and content type: it must be documented. */
  headViolations({ method, path, status, headers, text }: Exchange): readonly string[] {
    const found = this.operations.find(method, pathOf(path));
    const response = typeof found === 'string' ? undefined : found.responses[String(status)];
    if (!response) return isListed(found, status, text) ? [] : [`openapi.json: ${describe(found)} ${status}`];
    const type = contentType(headers);
    if (!response.content)
      return type === '' ? [] : [`openapi.json: has no body for ${status}, but ${type} came`];
    const known = Object.keys(response.content);
    return matchContentType(known, type)
      ? []
      : [`openapi.json: has ${known.join(', ')}, but ${type || 'nothing'} came`];
  }

  /** The check of a stream, to be fed while it passes. */
  stream({ method, path }: Pick<Exchange, 'method' | 'path'>): StreamCheck {
    const place = this.bodyPlace({ method, path, status: 200, headers: { 'content-type': EVENT_STREAM } });
    const shape = shapeOf(method, path)?.chunk;
    return new StreamCheck({
      chunk: (body) => [
        ...(place
          ? bySource('openapi.json', this.ours.check(body, place))
          : ['is of an operation that openapi.json gives no stream']),
        ...(shape ? bySource(OPENAI, this.openaiComponent(body, shape)) : []),
      ],
      error: (body) => [
        ...bySource('openapi.json', this.ours.checkComponent(body, 'ErrorBody')),
        ...bySource(OPENAI, this.theirs.checkComponent(body, 'ErrorResponse')),
      ],
    });
  }

  /** What is wrong with a request's body, as our document describes it. */
  requestViolations(path: string, body: unknown): Complaints {
    return this.ours.check(body, [
      'paths',
      path,
      'post',
      'requestBody',
      'content',
      'application/json',
      'schema',
    ]);
  }

  /** What is wrong with a request's body, as OpenAI's document describes it. */
  openaiRequestViolations(component: string, body: unknown): Complaints {
    return this.theirs.checkComponent(body, component);
  }

  private ownBody(exchange: Exchange, body: unknown): Complaints {
    const place = this.bodyPlace(exchange);
    if (body === undefined || !place) return [];
    return this.ours.check(body, place);
  }

  private openaiBody({ method, path, status }: Exchange, body: unknown): Complaints {
    if (status >= 400) {
      if (NO_ERRORS.some((known) => known.status === status && known.path === pathOf(path))) return [];
      return this.theirs.checkComponent(body, 'ErrorResponse');
    }
    const shape = shapeOf(method, path);
    return shape ? this.openaiComponent(body, shape.answer) : [];
  }

  private openaiComponent(body: unknown, component: string): Complaints {
    return this.theirs.checkComponent(withoutDifferences(body, component), component);
  }

  /** Where our document has the schema of an answer's body; undefined where it has none. */
  private bodyPlace({
    method,
    path,
    status,
    headers,
  }: Omit<Exchange, 'text'>): readonly string[] | undefined {
    const found = this.operations.find(method, pathOf(path));
    if (typeof found === 'string') return undefined;
    const content = found.responses[String(status)]?.content ?? {};
    const type = matchContentType(Object.keys(content), contentType(headers));
    if (type === undefined || (content[type] as { schema?: unknown }).schema === undefined) return undefined;
    return ['paths', found.path, found.method, 'responses', String(status), 'content', type, 'schema'];
  }
}

function shapeOf(method: string, path: string): (typeof SHAPES)[number] | undefined {
  return SHAPES.find((shape) => shape.method === method && shape.path.test(pathOf(path)));
}

function bySource(source: string, complaints: Complaints): Complaints {
  return complaints.map((complaint) => `${source}: ${complaint}`);
}

/** A body without the values that are known to differ from a schema of OpenAI's. */
function withoutDifferences(body: unknown, component: string): unknown {
  if (typeof body !== 'object' || body === null) return body;
  const differs = ([name, value]: [string, unknown]): boolean =>
    DIFFERENCES.some(
      (known) => known.schema === component && known.property === name && known.value === value,
    );
  const entries = Object.entries(body);
  return entries.some(differs) ? Object.fromEntries(entries.filter((entry) => !differs(entry))) : body;
}

function isListed(found: Found, status: number, text: string): boolean {
  const { error } = (parse(text) ?? {}) as { error?: { code?: unknown } };
  return UNDESCRIBED.some(
    (known) =>
      known.status === status &&
      known.code === error?.code &&
      (known.at === 'any address' || known.at === found),
  );
}

function describe(found: Found): string {
  if (typeof found === 'string') return `has no such operation (${found}), so it should not answer`;
  return `${found.method.toUpperCase()} ${found.path} does not document`;
}

function isUndescribed(path: string): boolean {
  return UNDESCRIBED_PATHS.some((known) => known.path.test(pathOf(path)));
}

/** Whether an answer is a stream of chunks. */
export function isEventStream({ status, headers }: Omit<Exchange, 'text'>): boolean {
  return status === 200 && contentType(headers).startsWith(EVENT_STREAM);
}

/** The body of an answer that says it is JSON, or is an error; undefined for any other. */
function parseBody({ status, headers, text }: Exchange): unknown {
  if (!contentType(headers).includes('json') && status < 400) return undefined;
  const body = parse(text);
  return body === undefined ? new Error('no JSON') : body;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function contentType(headers: Exchange['headers']): string {
  const value = headers['content-type'];
  return (typeof value === 'string' ? value : value?.join(',')) ?? '';
}

/** The path of an address, with its dots resolved, as every HTTP client sends it. */
function pathOf(address: string): string {
  const base = 'http://gateway';
  return URL.canParse(base + address) ? new URL(base + address).pathname : (address.split('?')[0] ?? '');
}
