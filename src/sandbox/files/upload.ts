// Reads a multipart upload of Replicate's Files API: the part `content` and three optional ones beside it.
import type { Multipart } from '@fastify/multipart';
import { isJsonObject, type JsonObject } from '../json.js';
import { inputInvalid, problem, type Problem } from '../problem.js';
import type { Upload } from './stored-file.js';

/** The largest file, in bytes. */
export const LARGEST_FILE = 100 * 1024 * 1024;

/** The longest name, in bytes. */
const LONGEST_NAME = 255;

/** 413: the file is larger than the API takes. */
export const fileTooLarge = problem(413, { detail: 'Files must be less than 100MB in size' });

interface Content {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly type: string;
}

/**
 * Reads every part. Parts of other names are ignored. Throws what the multipart reader throws; the texts of
 * the refusals are the sandbox's own.
 */
export async function readUpload(parts: AsyncIterable<Multipart>): Promise<Upload | Problem> {
  const fields = new Map<string, unknown>();
  let content: Content | undefined;
  for await (const part of parts) {
    if (part.type === 'field') fields.set(part.fieldname, part.value);
    else content = { bytes: await part.toBuffer(), name: part.filename, type: part.mimetype };
  }
  if (!content) return refused('content', 'required', 'content is required');
  const name = textOf(fields.get('filename')) ?? content.name;
  if (Buffer.byteLength(name) > LONGEST_NAME) {
    return refused('filename', 'string_lte', `String length must be at most ${LONGEST_NAME} bytes`);
  }
  const metadata = readMetadata(fields.get('metadata'));
  if (!metadata) return refused('metadata', 'invalid_type', 'Invalid type. Expected: object');
  const mediaType = textOf(fields.get('type')) ?? content.type;
  return { bytes: content.bytes, name, mediaType, metadata };
}

/** Whether a part is the file: clients send the metadata with a file name too. */
export function isContentPart(fieldName: string | undefined): boolean {
  return fieldName === 'content';
}

function readMetadata(value: unknown): JsonObject | undefined {
  if (value === undefined) return {};
  if (isJsonObject(value)) return value;
  try {
    const parsed: unknown = typeof value === 'string' ? JSON.parse(value) : undefined;
    return isJsonObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function refused(field: string, type: string, description: string): Problem {
  return inputInvalid([{ type, field, description }]);
}
