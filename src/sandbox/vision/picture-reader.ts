// Looks at a picture: format, size, colours, brightness, text. What was seen is remembered by the picture's
// bytes.
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type Sharp from 'sharp';
import { dominantColours, meanLuminance, type ColourShare } from './colours.js';
import type { TextRecogniser } from './text-recogniser.js';

/** What there is to say about a picture. */
export interface SeenPicture {
  /** In capitals: `JPEG`, `PNG`. */
  readonly format: string;
  /** Pixels, as the picture is meant to be shown. */
  readonly width: number;
  readonly height: number;
  /** Most frequent first. */
  readonly colours: readonly ColourShare[];
  /** 0 is black, 1 is white. */
  readonly luminance: number;
  /** Its lines, joined by line breaks; empty when it shows none. */
  readonly text: string;
}

/**
 * The longer side, in pixels, at which text is read: letters are large enough, and reading takes a fraction
 * of a second.
 */
const READING_SIDE = 1600;

/** The side of the small copy whose colours are counted. */
const COLOUR_SIDE = 96;

const MOST_COLOURS = 3;
const PICTURES_REMEMBERED = 256;

/** Reads pictures with sharp and a text recogniser. */
export class PictureReader {
  private readonly seen = new LRUCache<string, Promise<SeenPicture>>({ max: PICTURES_REMEMBERED });

  constructor(
    private readonly sharp: typeof Sharp,
    private readonly recogniser: TextRecogniser,
  ) {}

  /** Reads a picture, or remembers it. Throws Pillow's complaint about bytes that are not a picture. */
  read(bytes: Uint8Array): Promise<SeenPicture> {
    const key = createHash('sha256').update(bytes).digest('base64');
    const known = this.seen.get(key);
    if (known) return known;
    const reading = this.look(bytes);
    this.seen.set(key, reading);
    reading.catch(() => this.seen.delete(key));
    return reading;
  }

  private async look(bytes: Uint8Array): Promise<SeenPicture> {
    const { format, width, height } = await this.describe(bytes);
    const [pixels, text] = await Promise.all([this.smallCopy(bytes), this.readText(bytes)]);
    return {
      format,
      width,
      height,
      colours: dominantColours(pixels, MOST_COLOURS),
      luminance: meanLuminance(pixels),
      text,
    };
  }

  private async describe(bytes: Uint8Array): Promise<{ format: string; width: number; height: number }> {
    try {
      const { format, autoOrient } = await this.sharp(bytes).metadata();
      return { format: format.toUpperCase(), ...autoOrient };
    } catch (error) {
      throw new Error('cannot identify image file <urllib3.response.HTTPResponse>', { cause: error });
    }
  }

  private smallCopy(bytes: Uint8Array): Promise<Uint8Array> {
    return this.sharp(bytes)
      .flatten({ background: '#fff' })
      .resize(COLOUR_SIDE, COLOUR_SIDE, { fit: 'fill', kernel: 'nearest' })
      .toColourspace('srgb')
      .removeAlpha()
      .raw()
      .toBuffer();
  }

  private async readText(bytes: Uint8Array): Promise<string> {
    const bitmap = await this.sharp(bytes)
      .autoOrient()
      .flatten({ background: '#fff' })
      .resize(READING_SIDE, READING_SIDE, { fit: 'inside' })
      .greyscale()
      .normalise()
      .png({ compressionLevel: 1 })
      .toBuffer();
    return this.recogniser.read(bitmap);
  }
}
