// Renders the sandbox's pictures when they are first asked for, and keeps them.
import { loadSharp } from '../vision/sharp.js';
import { drawings } from './drawings.js';

/** A picture file. */
export interface PictureFile {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

const formats = {
  png: { mediaType: 'image/png', sharpName: 'png' },
  jpg: { mediaType: 'image/jpeg', sharpName: 'jpeg' },
  webp: { mediaType: 'image/webp', sharpName: 'webp' },
} as const;

const rendered = new Map<string, Promise<PictureFile>>();

/** The names of the pictures. */
export const pictureNames: readonly string[] = Object.keys(drawings);

/** The picture of that name, or nothing. */
export async function pictureFile(name: string): Promise<PictureFile | undefined> {
  const drawing = Object.hasOwn(drawings, name) ? drawings[name] : undefined;
  const ending = name.slice(name.lastIndexOf('.') + 1);
  if (!drawing || !isFormat(ending)) return undefined;
  const known = rendered.get(name);
  if (known) return known;
  const rendering = render(drawing.svg, ending);
  rendered.set(name, rendering);
  return rendering;
}

async function render(svg: string, ending: keyof typeof formats): Promise<PictureFile> {
  const { default: sharp } = await loadSharp();
  const { mediaType, sharpName } = formats[ending];
  return { mediaType, bytes: await sharp(Buffer.from(svg)).toFormat(sharpName, { quality: 90 }).toBuffer() };
}

function isFormat(ending: string): ending is keyof typeof formats {
  return Object.hasOwn(formats, ending);
}
