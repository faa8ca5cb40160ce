// Texts in the formats of JSON Schema. What was not seen is stated in a form that nobody takes for real.

/** A text in a format, from the lines read where they have one; nothing for an unknown format. */
export function formattedText(
  format: string,
  lines: readonly string[],
): { readonly text: string; readonly isSeen: boolean } | undefined {
  const known = Object.hasOwn(formats, format) ? formats[format] : undefined;
  if (!known) return undefined;
  const seen = known.seen?.exec(lines.join('\n'))?.[0];
  return { text: seen ?? known.unknown, isSeen: seen !== undefined };
}

interface Format {
  /** How it looks in a text. */
  readonly seen?: RegExp;
  /** What stands where none was seen. */
  readonly unknown: string;
}

const MONTH_AND_DAY =
  '(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))';
const DATE = `\\d{4}-${MONTH_AND_DAY}`;
const TIME = '(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d+)?(?:Z|[+-](?:0\\d|1[0-4]):00)';
const email: Format = {
  seen: /[a-z\d][\w.+-]*@[a-z\d-]+(?:\.[a-z\d-]+)*\.[a-z]{2,}/i,
  unknown: 'sandbox@example.com',
};
const uri: Format = { seen: /https?:\/\/[\w.-]+(?:\/[\w./-]*)?/, unknown: 'https://example.com/sandbox' };
const hostname: Format = { unknown: 'sandbox.example.com' };

const formats: Readonly<Record<string, Format>> = {
  date: { seen: new RegExp(`\\b${DATE}\\b`), unknown: '1970-01-01' },
  'date-time': { seen: new RegExp(`\\b${DATE}T${TIME}`), unknown: '1970-01-01T00:00:00Z' },
  time: { seen: new RegExp(`\\b${TIME}`), unknown: '00:00:00Z' },
  duration: { unknown: 'PT0S' },
  email,
  'idn-email': email,
  uri,
  url: uri,
  iri: uri,
  'uri-reference': uri,
  'iri-reference': uri,
  'uri-template': uri,
  hostname,
  'idn-hostname': hostname,
  ipv4: {
    seen: /\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b/,
    unknown: '192.0.2.1',
  },
  ipv6: { unknown: '2001:db8::1' },
  uuid: {
    seen: /\b[\da-f]{8}-[\da-f]{4}-[1-5][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}\b/i,
    unknown: '00000000-0000-4000-8000-000000000000',
  },
  'json-pointer': { unknown: '/sandbox' },
  'relative-json-pointer': { unknown: '0' },
  regex: { unknown: '.*' },
  byte: { unknown: 'c2FuZGJveA==' },
  'iso-time': { seen: new RegExp(`\\b${TIME}`), unknown: '00:00:00Z' },
  'iso-date-time': { seen: new RegExp(`\\b${DATE}T${TIME}`), unknown: '1970-01-01T00:00:00Z' },
};
