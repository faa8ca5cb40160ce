// Takes secrets out of a text before it is written down, in a log or in the audit log: by what they look like.

/** Stands where a secret stood. */
export const REDACTED = '[redacted]';

/** Parts of names, in small letters, of which it is known that what they name is a secret. */
const SECRET_NAMES = [
  ...['key', 'hash', 'token', 'secret', 'pepper', 'password', 'passphrase', 'credential', 'authorization'],
  ...['cookie', 'signature', 'sealed', 'cipher'],
];

/** Our keys, signing secrets of webhooks, Replicate's tokens, other bearers; what follows them in the same word too. */
const SECRET_TEXTS =
  /cbr_(?:live|test)_[0-9A-Za-z][\w-]*|whsec_[\w+/=-]+|r8_[0-9A-Za-z]{8}[\w-]*|\bsk-[\w-]{8,}|(?<=\bbearer\s{1,8})[^\s"]+/gi;

/** In an address: a user with a password. */
const USER_OF_ADDRESS = /\/\/[^/?#\s@]+@/g;

/** A parameter of an address, or any other `name=value`; a name's last letters are enough. */
const PARAMETER = /([^=&#?\s/"'`(){},;]{1,64})=("[^"]*"|'[^']*'|[^&#\s]*[^&#\s,;])/g;

/** An address that is its own content, such as a picture; it ends where a text would go on. */
const DATA = /data:[^\s'"]+/gi;

/** A name such as `keyId`: what it names tells which one, and opens nothing. */
const ID_NAME = /(?:^id|Id|ID|_id)s?$/;

/** A text with everything in it replaced that looks like a secret. It is one that PostgreSQL can hold. */
export function redactedText(text: string): string {
  return text
    .toWellFormed()
    .replaceAll('\0', '\uFFFD')
    .replace(SECRET_TEXTS, REDACTED)
    .replace(USER_OF_ADDRESS, `//${REDACTED}@`)
    .replace(PARAMETER, (whole, name: string) => (isSecretName(name) ? `${name}=${REDACTED}` : whole));
}

/** A text without what pictures are made of. */
export function withoutData(text: string): string {
  return text.replace(DATA, 'data:…');
}

/** Whether a field or a parameter of this name holds a secret. */
export function isSecretName(name: string): boolean {
  const letters = name.toLowerCase().replace(/[^a-z]/g, '');
  return SECRET_NAMES.some((part) => letters.includes(part));
}

/** Whether a field of this name holds no secret, but the id of one. */
export function isIdName(name: string): boolean {
  return ID_NAME.test(name);
}
