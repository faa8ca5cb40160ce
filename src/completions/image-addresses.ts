// Reads `image_urls`: addresses in one text, separated by commas, or a list of them.
import { ApiError } from '../errors/api-error.js';

/** Most images of one request. */
export const MAX_IMAGES = 16;

/**
 * The addresses in `image_urls`, in order; none where it is absent. A data URI holds one comma of its own,
 * which does not separate.
 *
 * @throws {ApiError} `invalid_image_url`, naming the position of what is no http(s) address or data URI
 */
export function parseImageAddresses(imageUrls: string | readonly string[] | null | undefined): string[] {
  if (imageUrls == null) return [];
  const addresses =
    typeof imageUrls === 'string' ? split(imageUrls) : imageUrls.map((address) => address.trim());
  if (addresses.length > MAX_IMAGES) {
    throw new ApiError('array_above_max_length', {
      param: 'image_urls',
      message: `Invalid 'image_urls': at most ${MAX_IMAGES} images, but got ${addresses.length}.`,
    });
  }
  if (addresses.length === 0) throw refuse('image_urls', 'expected at least one image address');
  const isList = typeof imageUrls !== 'string';
  return addresses.map((address, index) => check(address, index, isList));
}

function split(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim());
  const addresses: string[] = [];
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] ?? '';
    const isDataUri = /^data:/i.test(part) && i + 1 < parts.length;
    addresses.push(isDataUri ? `${part},${parts[++i] ?? ''}` : part);
  }
  return addresses;
}

/** The address as every reader of it will understand it: what was checked is what is sent. */
function check(address: string, index: number, isList: boolean): string {
  const position = `image_urls[${index}]`;
  if (address === '') throw refuse(position, 'expected an image address, but got nothing');
  if (/^data:/i.test(address)) return checkDataUri(address, position);
  const url = URL.parse(address);
  if (!url || !/^https?:$/.test(url.protocol) || !/^https?:\/\//i.test(address)) {
    const hint = index > 0 && !isList ? ' (a comma inside an address is written %2C)' : '';
    throw refuse(position, `expected an http or https address${hint}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw refuse(position, 'an address with a user name or password is not taken');
  }
  return url.href;
}

function checkDataUri(address: string, position: string): string {
  if (!/^data:image\/[a-z0-9.+-]+(?:;[a-z0-9=._-]+)*;base64,[A-Za-z0-9+/]+={0,2}$/i.test(address)) {
    throw refuse(position, 'expected data:image/…;base64, and base64 text');
  }
  return address;
}

function refuse(param: string, problem: string): ApiError {
  return new ApiError('invalid_image_url', { param, message: `Invalid '${param}': ${problem}.` });
}
