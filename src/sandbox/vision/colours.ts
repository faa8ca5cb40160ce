// Names the colours of a bitmap in plain words and measures how bright it is. Pure: pixels in, words out.

/** A colour and the share of the picture that has it, 0 to 1. */
export interface ColourShare {
  readonly name: string;
  readonly share: number;
}

/** A bitmap of three bytes per pixel: red, green, blue. */
export type Pixels = Uint8Array;

/** The smallest share at which a colour is worth naming. */
const NOTICEABLE = 0.04;

/** The colours that a bitmap shows, most frequent first, at most `most` of them; one at least. */
export function dominantColours(pixels: Pixels, most: number): ColourShare[] {
  const counts = new Map<string, number>();
  forEachPixel(pixels, (red, green, blue) => {
    const name = colourName(red, green, blue);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  });
  const total = pixels.length / 3;
  const shares = [...counts].map(([name, count]) => ({ name, share: count / total }));
  shares.sort((one, other) => other.share - one.share);
  return shares.filter(({ share }, index) => index === 0 || share >= NOTICEABLE).slice(0, most);
}

/** The mean luminance of a bitmap, 0 (black) to 1 (white), by Rec. 601's weights. */
export function meanLuminance(pixels: Pixels): number {
  let sum = 0;
  forEachPixel(pixels, (red, green, blue) => {
    sum += 0.299 * red + 0.587 * green + 0.114 * blue;
  });
  return sum / (pixels.length / 3) / 255;
}

/** The plain name of a colour, from its hue, saturation and lightness. */
export function colourName(red: number, green: number, blue: number): string {
  const high = Math.max(red, green, blue);
  const low = Math.min(red, green, blue);
  const lightness = (high + low) / 510;
  const chroma = (high - low) / 255;
  if (chroma < 0.1 || (chroma < 0.18 && lightness > 0.85)) return greyName(lightness);
  if (lightness < 0.1) return 'black';
  return hueName(hueDegrees(red, green, blue, high, high - low), lightness, chroma);
}

function greyName(lightness: number): string {
  if (lightness < 0.15) return 'black';
  if (lightness < 0.4) return 'dark grey';
  if (lightness < 0.7) return 'grey';
  return lightness < 0.9 ? 'light grey' : 'white';
}

function hueDegrees(red: number, green: number, blue: number, high: number, spread: number): number {
  if (high === red) return (((green - blue) / spread) * 60 + 360) % 360;
  if (high === green) return ((blue - red) / spread) * 60 + 120;
  return ((red - green) / spread) * 60 + 240;
}

/** Where each hue ends, in degrees; red begins again at the end. */
const hues = [
  [15, 'red'],
  [42, 'orange'],
  [68, 'yellow'],
  [165, 'green'],
  [192, 'turquoise'],
  [255, 'blue'],
  [290, 'purple'],
  [340, 'pink'],
  [361, 'red'],
] as const;

function hueName(degrees: number, lightness: number, chroma: number): string {
  const name = hues.find(([end]) => degrees < end)?.[1] ?? 'red';
  if (name === 'orange' && (lightness < 0.38 || chroma < 0.4)) return lightness > 0.7 ? 'beige' : 'brown';
  if (name === 'red' && lightness > 0.75) return 'pink';
  if (lightness < 0.28) return `dark ${name}`;
  return lightness > 0.72 ? `light ${name}` : name;
}

function forEachPixel(pixels: Pixels, visit: (red: number, green: number, blue: number) => void): void {
  for (let at = 0; at + 2 < pixels.length; at += 3) {
    visit(pixels[at] ?? 0, pixels[at + 1] ?? 0, pixels[at + 2] ?? 0);
  }
}
