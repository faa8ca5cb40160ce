// The bodies of refusals, byte for byte as Replicate sends them; which request deserves which is decided
// elsewhere.

/** One refused field of a create. */
export interface InvalidField {
  /** The validator's rule: `required`, `number_gte`, `enum`, … */
  readonly type: string;
  /** The field's path, or its parent's for `required`; empty for the body itself. */
  readonly field: string;
  readonly description: string;
}

/** An answer that is not a success, ready to send. */
export interface Problem {
  readonly status: number;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How Replicate words a 429: in general, in its older form, and on an account with little credit. */
export type ThrottleText = 'resets' | 'expected' | 'low-credit';

/** 401 for a request without a token. */
export const noToken = problem(
  401,
  { title: 'Unauthenticated', detail: 'You did not pass an authentication token', status: 401 },
  '\n',
);

/** 401 for a token that is not the sandbox's. */
export const badToken = problem(
  401,
  { title: 'Unauthenticated', detail: 'You did not pass a valid authentication token', status: 401 },
  '\n',
);

/** 402: the account has run out of credit. */
export const insufficientCredit = problem(402, {
  title: 'Insufficient credit',
  detail:
    'You have insufficient credit to run this model. Go to https://replicate.com/account/billing#billing to purchase credit. Once you purchase credit, please wait a few minutes before trying again.',
  status: 402,
});

/** 404, which has no title. */
export const notFound = problem(404, { detail: 'The requested resource could not be found.', status: 404 });

/** 422 for a version that does not exist, and for a community model without one. */
export const invalidVersion = problem(422, {
  title: 'Invalid version or not permitted',
  detail: "The specified version does not exist (or perhaps you don't have permission to use it?)",
  status: 422,
});

/** 500. Replicate promises no shape; this one has been seen. */
export const internalError = problem(500, { detail: 'Internal server error' });

/** 422 that names every refused field, in the order found. */
export function inputInvalid(fields: readonly InvalidField[]): Problem {
  return problem(422, {
    detail: fields.map(({ field, description }) => `- ${field && `${field}: `}${description}\n`).join(''),
    status: 422,
    title: 'Input validation failed',
    invalid_fields: fields,
  });
}

/** 429. `seconds` is in the text always, in the `retry-after` header and in `retry_after` when asked for. */
export function throttled(seconds: number, text: ThrottleText, where: readonly string[]): Problem {
  const detail = `Request was throttled. ${throttleTexts[text](seconds)}`;
  const body = { detail, status: 429, ...(where.includes('body') && { retry_after: seconds }) };
  const made = problem(429, body);
  return where.includes('header') ? { ...made, headers: { 'retry-after': String(seconds) } } : made;
}

const throttleTexts: Record<ThrottleText, (seconds: number) => string> = {
  resets: (seconds) => `Your rate limit resets in ~${seconds}s.`,
  expected: (seconds) => `Expected available in ${seconds} second${seconds === 1 ? '' : 's'}.`,
  'low-credit': (seconds) =>
    `Your rate limit for prediction creation is reduced to 6 requests per minute with a burst of 1 requests while you have less than $5.0 in credit. Your rate limit resets in ~${seconds}s.`,
};

/** An answer of a proxy in front of the API: HTML, in nginx's form. */
export function htmlProblem(status: number): Problem {
  const line = `${status} ${htmlReasons[status] ?? 'Error'}`;
  const body = `<html>\r\n<head><title>${line}</title></head>\r\n<body>\r\n<center><h1>${line}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`;
  return { status, contentType: 'text/html', headers: {}, body };
}

const htmlReasons: Readonly<Record<number, string>> = {
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
};

/** Any status with any JSON body: for answers whose shape no document fixes. */
export function problem(status: number, body: unknown, end = ''): Problem {
  return {
    status,
    contentType: 'application/problem+json',
    headers: {},
    body: `${JSON.stringify(body)}${end}`,
  };
}

/** Whether what was read is a refusal instead. */
export function isProblem(read: object): read is Problem {
  return 'contentType' in read;
}
