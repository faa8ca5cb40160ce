// Base64 as RFC 4648 writes it. Node's own decoder takes anything and drops what it does not understand.

const NOT_IN_ALPHABET = /[^A-Za-z0-9+/]/;

/**
 * How many bytes a base64 text stands for; undefined for a text that is none, with its padding. Linear: the
 * expression matches one character, so that it can neither backtrack nor run out of stack on megabytes.
 *
 * @see https://datatracker.ietf.org/doc/html/rfc4648#section-4
 */
export function base64Size(text: string): number | undefined {
  if (text.length === 0 || text.length % 4 !== 0) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const end = text.search(NOT_IN_ALPHABET);
  if (padding === 0 ? end !== -1 : end !== text.length - padding) return undefined;
  return (text.length / 4) * 3 - padding;
}

/** The bytes of a text that {@link base64Size} has accepted. */
export function decodeBase64(text: string): Uint8Array {
  return Buffer.from(text, 'base64');
}
