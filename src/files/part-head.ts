// Reads the headers of one part of a form: what the field is called, and whether it is a file.
import { FormDataError } from './form-data-error.js';

/** What a part's headers say. */
export interface PartHead {
  readonly name: string;
  /** Of a file, without folders; absent for a text. */
  readonly filename: string | undefined;
}

/** More headers than a part of a form has use for: RFC 7578 knows three. */
const MAX_HEADERS = 16;

const MAX_FILENAME = 255;

const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)$/;

const PARAMETER = /;\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))\s*/y;

/** Encodings that leave bytes as they are; RFC 7578 has given up the others. */
const PLAIN = /^(?:7bit|8bit|binary)$/i;

/**
 * Reads the headers of a part.
 *
 * @throws {FormDataError} where they are none, or do not describe a form's field
 */
export function readPartHead(text: string): PartHead {
  const headers = readHeaders(text);
  const parameters = readDisposition(headers.get('content-disposition') ?? '');
  const name = parameters.get('name');
  if (!name) throw new FormDataError('a part has no name');
  if (!PLAIN.test(headers.get('content-transfer-encoding') ?? 'binary')) {
    throw new FormDataError('a part has a transfer encoding', name);
  }
  const filename = extendedFilename(parameters.get('filename*')) ?? parameters.get('filename');
  const isFile = filename !== undefined || !/^text\//i.test(headers.get('content-type') ?? 'text/plain');
  return { name, filename: isFile ? cleanFilename(filename ?? '') : undefined };
}

function readHeaders(text: string): Map<string, string> {
  const lines = text.split('\r\n', MAX_HEADERS + 1);
  if (lines.length > MAX_HEADERS) throw new FormDataError('a part has too many headers');
  return new Map(
    lines.map((line) => {
      const [, name, value] = HEADER.exec(line) ?? [];
      if (name === undefined || value === undefined) throw new FormDataError('a part has a broken header');
      return [name.toLowerCase(), value.trim()];
    }),
  );
}

function readDisposition(value: string): Map<string, string> {
  const [type = ''] = /^form-data\s*/i.exec(value) ?? [];
  const rest = value.slice(type.length);
  const parameters = new Map<string, string>();
  PARAMETER.lastIndex = 0;
  let end = 0;
  for (let match = PARAMETER.exec(rest); match; match = PARAMETER.exec(rest)) {
    const [, name = '', quoted, token = ''] = match;
    parameters.set(name.toLowerCase(), quoted === undefined ? token : unescape(quoted));
    end = PARAMETER.lastIndex;
  }
  if (type === '' || !/^;?\s*$/.test(rest.slice(end))) {
    throw new FormDataError('a part has no content-disposition of form-data');
  }
  return parameters;
}

/** Browsers escape a quote as %22, others with a backslash, which some do not escape itself. */
function unescape(quoted: string): string {
  return quoted.replace(/\\(["\\])/g, '$1').replaceAll('%22', '"');
}

/** `UTF-8''…`: RFC 5987. Forms should not have it, and some clients send it. */
function extendedFilename(value: string | undefined): string | undefined {
  const [, encoded] = /^utf-8'[^']*'(.*)$/i.exec(value ?? '') ?? [];
  try {
    return encoded === undefined ? undefined : decodeURIComponent(encoded);
  } catch {
    // Not what it says it is; the plain name stands beside it.
    return undefined;
  }
}

function cleanFilename(filename: string): string {
  const name = filename.split(/[/\\]/).at(-1) ?? '';
  return (
    name
      .replace(/\p{Cc}/gu, '')
      .trim()
      .slice(0, MAX_FILENAME)
      .toWellFormed() || 'upload'
  );
}
