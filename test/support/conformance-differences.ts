// Every place where an answer may differ from a published document, each with its reason. Nothing else is let pass.

/** A value that we send and a schema of OpenAI's does not have: it is taken as absent before the check. */
export interface Difference {
  /** The schema of OpenAI's. */
  readonly schema: string;
  /** The property at the top of the body. */
  readonly property: string;
  readonly value: unknown;
  readonly why: string;
}

/** An answer that no operation of our document lists. */
export interface Undescribed {
  readonly status: number;
  /** `error.code` of the answer. */
  readonly code: string | null;
  /** Whether it can come to an address that the document has, or only to one that it has not. */
  readonly at: 'any address' | 'unknown address' | 'unknown method';
  readonly why: string;
}

/** Known differences to OpenAI's document. */
export const DIFFERENCES: readonly Difference[] = [
  {
    schema: 'CreateChatCompletionResponse',
    property: 'system_fingerprint',
    value: null,
    why: "Deprecated. OpenAI's own answers of current models have null where its document says string.",
  },
  {
    schema: 'CreateChatCompletionStreamResponse',
    property: 'system_fingerprint',
    value: null,
    why: 'As in the answer that is not streamed.',
  },
  {
    schema: 'CreateCompletionResponse',
    property: 'usage',
    value: null,
    why: 'With include_usage every chunk but the last has null: so says ChatCompletionStreamOptions, which the request shares with chat; the schema of the chunk was not told.',
  },
];

/** Answers that a list of operations does not describe. */
export const UNDESCRIBED: readonly Undescribed[] = [
  { status: 404, code: 'unknown_url', at: 'unknown address', why: 'A document lists what is there.' },
  { status: 405, code: 'method_not_allowed', at: 'unknown method', why: 'A document lists what is there.' },
  {
    status: 401,
    code: 'invalid_api_key',
    at: 'unknown address',
    why: 'Nobody without a key learns which addresses there are.',
  },
  {
    status: 400,
    code: 'bad_http',
    at: 'any address',
    why: 'The bytes were no HTTP: no operation was reached.',
  },
  { status: 408, code: 'request_timeout', at: 'any address', why: 'No whole request ever came.' },
  { status: 413, code: 'request_too_large', at: 'any address', why: 'Refused before the route is asked.' },
  {
    status: 415,
    code: 'unsupported_content_type',
    at: 'any address',
    why: 'Refused before the route is asked.',
  },
  {
    status: 417,
    code: 'expectation_failed',
    at: 'any address',
    why: 'A rule of HTTP, refused before the route.',
  },
  {
    status: 431,
    code: 'headers_too_large',
    at: 'any address',
    why: 'A rule of HTTP, refused before the route.',
  },
  { status: 503, code: 'shutting_down', at: 'any address', why: 'Said by the server, not by an operation.' },
];

/** Addresses that the document does not describe at all. */
export const UNDESCRIBED_PATHS: readonly { path: RegExp; why: string }[] = [
  { path: /^\/docs(\/|$)/, why: "Swagger UI's own pages and files." },
  { path: /^\/openapi\.json$/, why: 'The document itself.' },
];

/** Answers of 400 and above that are no errors of a request's. */
export const NO_ERRORS: readonly { path: string; status: number; why: string }[] = [
  {
    path: '/readyz',
    status: 503,
    why: 'A report on readiness, for orchestrators. No client of OpenAI asks for it.',
  },
];

/** Methods whose answers have no body to check, or are CORS's. */
export const UNCHECKED_METHODS: ReadonlySet<string> = new Set(['HEAD', 'OPTIONS']);
