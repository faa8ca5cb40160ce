// Reads JSON, and what models write instead of it, as tokens: single quotes, comments, Python's words and bare
// keys too. Knows no grammar beyond that.

/** A piece of JSON, or of what is meant as JSON. */
export interface Token {
  /** `word` is a bare name, `junk` is nothing of JSON, `cut` is a text or comment whose end is missing. */
  readonly kind:
    'open' | 'close' | 'comma' | 'colon' | 'string' | 'number' | 'keyword' | 'word' | 'junk' | 'cut';
  /** Of a string what it means, of a keyword JSON's name for it, of all others what is written. */
  readonly text: string;
  /** Where it ends: the position after its last character. */
  readonly end: number;
}

const marks: Readonly<Record<string, Token['kind']>> = {
  '{': 'open',
  '[': 'open',
  '}': 'close',
  ']': 'close',
  ',': 'comma',
  ':': 'colon',
};

const keywords = new Map([
  ['true', 'true'],
  ['false', 'false'],
  ['null', 'null'],
  ['True', 'true'],
  ['False', 'false'],
  ['None', 'null'],
]);

/** The ends of a text, by the quote that begins it. */
const closings: Readonly<Record<string, string>> = { '"': '"', "'": "'", '“': '”“"', '”': '”“"' };

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

const gap = /\s*/y;
const bare = /(?:(?!\/[/*])[^\s{}[\],:"“”])+/y;
const numeral = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const name = /^[\p{L}_$][\p{L}\p{N}_$-]*$/u;
const hex = /^[\da-fA-F]{4}$/;

/** The first token at or after a position; undefined at the end of the text. */
export function tokenAt(text: string, from: number): Token | undefined {
  const start = skipGap(text, from);
  const first = text[start];
  if (first === undefined) return undefined;
  if (first === '/' && /[/*]/.test(text.charAt(start + 1)))
    return { kind: 'cut', text: '', end: text.length };
  const mark = marks[first];
  if (mark) return { kind: mark, text: first, end: start + 1 };
  return closings[first] === undefined ? bareAt(text, start) : stringAt(text, start, closings[first]);
}

/** All tokens of a text. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (let token = tokenAt(text, 0); token; token = tokenAt(text, token.end)) tokens.push(token);
  return tokens;
}

/** The first token that cannot be part of an object or list: no JSON, and no bare key. */
export function strayToken(tokens: readonly Token[]): Token | undefined {
  return tokens.find(
    ({ kind }, at) => kind === 'junk' || (kind === 'word' && tokens[at + 1]?.kind !== 'colon'),
  );
}

/** The position after white space and whole comments; that of a comment that has no end. */
function skipGap(text: string, from: number): number {
  let at = from;
  for (;;) {
    gap.lastIndex = at;
    gap.exec(text);
    at = gap.lastIndex;
    const opening = text.startsWith('//', at) ? '\n' : text.startsWith('/*', at) ? '*/' : undefined;
    if (opening === undefined) return at;
    const end = text.indexOf(opening, at + 2);
    if (end < 0) return at;
    at = end + opening.length;
  }
}

function bareAt(text: string, start: number): Token {
  bare.lastIndex = start;
  const [written = ''] = bare.exec(text) ?? [];
  const end = start + written.length;
  const keyword = keywords.get(written);
  if (keyword !== undefined) return { kind: 'keyword', text: keyword, end };
  if (numeral.test(written)) return { kind: 'number', text: written, end };
  return { kind: name.test(written) ? 'word' : 'junk', text: written, end };
}

/** A text in quotes. One with an escape that JSON does not know is junk: what it means would be a guess. */
function stringAt(text: string, start: number, closing: string): Token {
  let meaning = '';
  let isKnown = true;
  let at = start + 1;
  for (;;) {
    const plain = endOfPlain(text, at, closing);
    meaning += text.slice(at, plain);
    at = plain;
    const char = text[at];
    if (char === undefined) return { kind: 'cut', text: meaning, end: text.length };
    if (char !== '\\') {
      return isKnown
        ? { kind: 'string', text: meaning, end: at + 1 }
        : { kind: 'junk', text: text.slice(start, at + 1), end: at + 1 };
    }
    const escaped = escapeAt(text, at);
    if (escaped === undefined) isKnown = false;
    meaning += escaped?.meaning ?? '';
    at += escaped?.length ?? 2;
  }
}

function endOfPlain(text: string, from: number, closing: string): number {
  let at = from;
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === '\\' || closing.includes(char)) break;
    at += 1;
  }
  return at;
}

function escapeAt(text: string, at: number): { meaning: string; length: number } | undefined {
  const letter = text.charAt(at + 1);
  const meaning = escapes[letter];
  if (meaning !== undefined) return { meaning, length: 2 };
  const digits = text.slice(at + 2, at + 6);
  if (letter !== 'u' || !hex.test(digits)) return undefined;
  return { meaning: String.fromCharCode(parseInt(digits, 16)), length: 6 };
}
