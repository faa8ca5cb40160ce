// Gets the pictures that an input names, as Replicate does for inputs of type file: data URIs are decoded, its
// own files taken from memory, URLs fetched.
import type { OwnFiles } from '../files/own-files.js';
import type { FetchedPicture, FetchPicture, Picture } from './answering-model.js';
import type { PictureSource } from './inputs.js';

/** Where pictures come from. */
export interface PicturePlaces {
  readonly fetchPicture: FetchPicture;
  readonly files: OwnFiles;
}

/** Gets every picture, in their order. Throws at anything but success. */
export function downloadedPictures(
  pictures: readonly PictureSource[],
  places: PicturePlaces,
  signal: AbortSignal,
): Promise<Picture[]> {
  return Promise.all(
    pictures.map(async (picture) => ({ url: picture.url, bytes: await download(picture, places, signal) })),
  );
}

/**
 * Fetches as a model's own code does, without a token: for it, the address of an uploaded file is closed. The
 * answer is made here; no request is sent.
 */
export function refusingOwnFiles({ fetchPicture, files }: PicturePlaces): FetchPicture {
  return (url, signal) => (files.owns(url) ? Promise.resolve(forbidden) : fetchPicture(url, signal));
}

const forbidden: FetchedPicture = { status: 403, bytes: new Uint8Array() };

async function download(
  { url, isFile }: PictureSource,
  places: PicturePlaces,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const embedded = /^data:[^,]*,/.exec(url)?.[0];
  if (embedded !== undefined) return decoded(url.slice(embedded.length), embedded);
  const fetchPicture = isFile ? takingOwnFiles(places) : refusingOwnFiles(places);
  const { status, bytes } = await fetchPicture(url, signal);
  if (status < 400) return bytes;
  throw new Error(`${status} ${status < 500 ? 'Client' : 'Server'} Error for url: ${url}`);
}

function takingOwnFiles({ fetchPicture, files }: PicturePlaces): FetchPicture {
  return (url, signal) => {
    if (!files.owns(url)) return fetchPicture(url, signal);
    const bytes = files.bytes(url);
    return Promise.resolve(bytes ? { status: 200, bytes } : { status: 404, bytes: new Uint8Array() });
  };
}

function decoded(data: string, prefix: string): Uint8Array {
  return prefix.endsWith(';base64,') ? Buffer.from(data, 'base64') : Buffer.from(decodeURIComponent(data));
}
