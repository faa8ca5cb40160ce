// Reads the forms in which a caller can give an image: address, data URI, base64, id of an uploaded file.
// Only the form is looked at here; nothing is decoded, fetched or looked up.
import { ApiError } from '../errors/api-error.js';
import { base64Size, decodeBase64 } from './base64.js';
import { tooManyBytes } from './image-check.js';
import { imageError } from './image-error.js';
import { sniffFormat } from './image-header.js';
import { MAX_IMAGE_BYTES, MAX_IMAGES } from './image-limits.js';

/** An image as its caller gives it. `param` is its place in the request, for errors. */
export type ImageSource =
  | {
      readonly kind: 'address';
      /** As the caller wrote it, for the address guard to parse. */
      readonly url: string;
      readonly param: string;
    }
  | {
      readonly kind: 'inline';
      readonly base64: string;
      /** As a data URI declares it. */
      readonly mediaType: string | undefined;
      readonly param: string;
    }
  | { readonly kind: 'file'; readonly id: string; readonly param: string };

/** The shortest text that is looked at as bare base64: any shorter one is a word or a mistake, and no picture. */
const MIN_BARE_BASE64 = 32;

/** Most characters of an address: presigned ones are long. Parsing megabytes would hold up everybody. */
const MAX_ADDRESS = 8192;

/** Most characters of a data URI before its comma. */
const MAX_DATA_URI_HEAD = 256;

const FORMS = 'an http or https address, a data:image/…;base64, URI, base64 or the id of an uploaded file';

/**
 * Reads one image.
 *
 * @param param its place in the request, such as `messages[0].content[1].image_url.url`
 * @throws {ApiError} `invalid_image_url` for a text of no known form, `image_too_large` for too much base64
 */
export function parseImageSource(text: string, param: string): ImageSource {
  return parse(text.trim(), param, '');
}

/**
 * Reads several images: a list, or one text that is split at its commas, in order; none where it is absent.
 * A data URI holds one comma of its own, which does not separate.
 *
 * @param param the list's name, such as `image_urls`
 * @throws {ApiError} as {@link parseImageSource}, with the position; `array_above_max_length` for too many
 */
export function parseImageList(
  value: string | readonly string[] | null | undefined,
  param: string,
): ImageSource[] {
  if (value == null) return [];
  const texts = typeof value === 'string' ? split(value) : value.map((text) => text.trim());
  if (texts.length > MAX_IMAGES) {
    throw new ApiError('array_above_max_length', {
      param,
      message: `Invalid '${param}': at most ${MAX_IMAGES} images are taken.`,
    });
  }
  if (texts.length === 0) throw refuse(param, 'expected at least one image address');
  return texts.map((text, index) => {
    const isSplit = typeof value === 'string' && index > 0;
    return parse(text, `${param}[${index}]`, isSplit ? ' (a comma inside an address is written %2C)' : '');
  });
}

/** An image takes up two parts at the most, so that parts beyond the limit need not be looked at. */
function split(value: string): string[] {
  const parts = value.split(',', 2 * MAX_IMAGES + 1).map((part) => part.trim());
  const texts: string[] = [];
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] ?? '';
    const isDataUri = isData(part) && i + 1 < parts.length;
    texts.push(isDataUri ? `${part},${parts[++i] ?? ''}` : part);
  }
  return texts;
}

function parse(text: string, param: string, hint: string): ImageSource {
  if (text === '') throw refuse(param, 'expected an image address, but got nothing');
  if (isData(text)) return parseDataUri(text, param);
  if (/^https?:\/\//i.test(text)) return parseAddress(text, param, hint);
  if (/^file-[0-9A-Za-z]{1,64}$/.test(text)) return { kind: 'file', id: text, param };
  if (isBareBase64(text)) return parseInline(text, undefined, param);
  throw refuse(param, `expected ${FORMS}${hint}`);
}

/** The text stays as it is: whether parsers agree on it is for the guard to judge, before any has changed it. */
function parseAddress(text: string, param: string, hint: string): ImageSource {
  if (text.length > MAX_ADDRESS) {
    throw refuse(param, `an address of more than ${MAX_ADDRESS} characters is not taken`);
  }
  const url = URL.parse(text);
  if (!url) throw refuse(param, `expected ${FORMS}${hint}`);
  if (url.username !== '' || url.password !== '') {
    throw refuse(param, 'an address with a user name or password is not taken');
  }
  return { kind: 'address', url: text, param };
}

function isData(text: string): boolean {
  return /^data:/i.test(text);
}

function parseDataUri(text: string, param: string): ImageSource {
  const comma = text.slice(0, MAX_DATA_URI_HEAD).indexOf(',');
  const head = /^data:(image\/[a-z0-9.+-]+)(?:;[a-z0-9=._-]+)*;base64$/i.exec(
    text.slice(0, Math.max(0, comma)),
  );
  if (!head) throw refuse(param, 'expected data:image/…;base64, and base64 text');
  return parseInline(text.slice(comma + 1), head[1]?.toLowerCase(), param);
}

/** The size is told from the text's length, before anything is read or decoded. */
function parseInline(base64: string, mediaType: string | undefined, param: string): ImageSource {
  if (base64.length > Math.ceil(MAX_IMAGE_BYTES / 3) * 4) throw tooManyBytes(param);
  if (base64Size(base64) === undefined) {
    throw refuse(param, 'the base64 text has characters that are not base64, or not the right padding');
  }
  return { kind: 'inline', base64, mediaType, param };
}

/** Whether a text begins like one of the four formats in base64, so that no other text is taken for a picture. */
function isBareBase64(text: string): boolean {
  const start = text.slice(0, MIN_BARE_BASE64);
  if (start.length < MIN_BARE_BASE64 || /[^A-Za-z0-9+/=]/.test(start)) return false;
  return sniffFormat(decodeBase64(start)) !== undefined;
}

function refuse(param: string, problem: string): ApiError {
  return imageError('invalid_image_url', param, problem);
}
