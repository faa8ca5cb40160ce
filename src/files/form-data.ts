// Reads multipart/form-data out of a body that is whole in memory. Pure; the limits of this door are given in.
// RFC 7578, over RFC 2046: https://datatracker.ietf.org/doc/html/rfc7578.
import { isUtf8 } from 'node:buffer';
import { FormDataError } from './form-data-error.js';
import { type PartHead, readPartHead } from './part-head.js';

/** A file in a form. */
export class FormFile {
  constructor(
    /** As its sender calls it, without folders and control characters; never empty. */
    readonly filename: string,
    readonly bytes: Uint8Array,
  ) {}
}

/** A form's fields by their names; none has two values. */
export type FormFields = Record<string, string | FormFile>;

/** Bounds of a form. */
export interface FormLimits {
  readonly maxParts: number;
  /** Bytes of a part's headers. */
  readonly maxHead: number;
  /** Bytes of a field that is no file. */
  readonly maxText: number;
}

/** A line that separates parts, or the last one. */
interface Delimiter {
  /** Where the line break before it begins, which is no part of what it ends. */
  readonly start: number;
  readonly end: number;
  readonly isLast: boolean;
}

/** What a boundary may be made of: RFC 2046, section 5.1.1. */
const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/;

const [CR, LF, DASH, SPACE, TAB] = [0x0d, 0x0a, 0x2d, 0x20, 0x09];

/**
 * Parses a form. Linear in the body's length: a delimiter begins with a line break, and no boundary has one, so
 * that what looks like a delimiter and is none cannot overlap the next.
 *
 * @throws {FormDataError} for a body that is no form, or goes beyond a limit
 */
export function parseFormData(body: Buffer, contentType: string, limits: FormLimits): FormFields {
  const boundary = readBoundary(contentType);
  const marker = Buffer.from(`\r\n--${boundary}`, 'latin1');
  const fields = new Map<string, string | FormFile>();
  let opening = firstDelimiter(body, marker);
  for (let parts = 0; opening && !opening.isLast; parts++) {
    if (parts === limits.maxParts) throw new FormDataError('it has too many parts');
    const { head, start } = splitPart(body, opening.end, limits);
    const closing = nextDelimiter(body, marker, start);
    if (!closing) break;
    if (fields.has(head.name)) throw new FormDataError('it has a field twice', head.name);
    fields.set(head.name, readValue(head, body.subarray(start, closing.start), limits));
    opening = closing;
  }
  if (!opening?.isLast) throw new FormDataError('its last boundary is missing');
  return Object.fromEntries(fields);
}

function readBoundary(contentType: string): string {
  const [, quoted, token] = /;\s*boundary=(?:"([^"]*)"|([^\s;"]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? token ?? '';
  if (!BOUNDARY.test(boundary)) throw new FormDataError('its content type has no valid boundary');
  return boundary;
}

function splitPart(body: Buffer, at: number, { maxHead }: FormLimits): { head: PartHead; start: number } {
  const text = body.subarray(at, at + maxHead).toString('latin1');
  const length = text.indexOf('\r\n\r\n');
  if (length === -1) throw new FormDataError('the headers of a part do not end');
  return { head: readPartHead(body.subarray(at, at + length).toString('utf8')), start: at + length + 4 };
}

function readValue({ name, filename }: PartHead, bytes: Buffer, { maxText }: FormLimits): string | FormFile {
  if (filename !== undefined) return new FormFile(filename, bytes);
  if (bytes.length > maxText) throw new FormDataError('a field is too long', name);
  if (!isUtf8(bytes)) throw new FormDataError('a field is not UTF-8', name);
  return bytes.toString('utf8');
}

/** The first one may stand at the very beginning, where no line break is before it. */
function firstDelimiter(body: Buffer, marker: Buffer): Delimiter | undefined {
  const isFirst = body.subarray(0, marker.length - 2).equals(marker.subarray(2));
  return (isFirst ? readDelimiter(body, marker, -2) : undefined) ?? nextDelimiter(body, marker, 0);
}

function nextDelimiter(body: Buffer, marker: Buffer, from: number): Delimiter | undefined {
  for (let at = body.indexOf(marker, from); at !== -1; at = body.indexOf(marker, at + 2)) {
    const delimiter = readDelimiter(body, marker, at);
    if (delimiter) return delimiter;
  }
  return undefined;
}

/** The rest of a delimiter's line; undefined where the line goes on, and only begins like the boundary. */
function readDelimiter(body: Buffer, marker: Buffer, start: number): Delimiter | undefined {
  let end = start + marker.length;
  if (body[end] === DASH && body[end + 1] === DASH) return { start, end: end + 2, isLast: true };
  while (body[end] === SPACE || body[end] === TAB) end++;
  return body[end] === CR && body[end + 1] === LF ? { start, end: end + 2, isLast: false } : undefined;
}
