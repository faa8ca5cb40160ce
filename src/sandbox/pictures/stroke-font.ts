// Capital letters, digits and signs drawn as strokes, so that pictures with text need no font of the machine.

interface Glyph {
  /** In units of a tenth of the letter's height. */
  readonly width: number;
  /** SVG path data in a box ten units high. */
  readonly path: string;
}

const SPACING = 3.2;
const SPACE_WIDTH = 3.8;
const STROKE = 1.5;

const glyphs: Readonly<Record<string, Glyph>> = {
  A: { width: 8, path: 'M0 10L4 0L8 10M1.6 6.5H6.4' },
  B: { width: 8, path: 'M0 0V10H4.5A2.7 2.7 0 0 0 4.5 4.7H0M4.2 4.7A2.35 2.35 0 0 0 4.2 0H0' },
  C: { width: 8, path: 'M8 2.2A4 5 0 1 0 8 7.8' },
  D: { width: 8, path: 'M0 0V10H3A5 5 0 0 0 3 0Z' },
  E: { width: 7, path: 'M7 0H0V10H7M0 4.8H5.5' },
  F: { width: 7, path: 'M7 0H0V10M0 4.8H5.5' },
  G: { width: 8, path: 'M8 2.2A4 5 0 1 0 8 7.5V5.3H4.8' },
  H: { width: 8, path: 'M0 0V10M8 0V10M0 4.8H8' },
  I: { width: 4, path: 'M2 0V10' },
  J: { width: 6, path: 'M6 0V7A3 3 0 0 1 0 7' },
  K: { width: 8, path: 'M0 0V10M7.5 0L0 5.6M2.6 3.8L8 10' },
  L: { width: 7, path: 'M0 0V10H6.5' },
  M: { width: 9, path: 'M0 10V0L4.5 7L9 0V10' },
  N: { width: 8, path: 'M0 10V0L8 10V0' },
  O: { width: 8, path: 'M4 0A4 5 0 1 0 4 10A4 5 0 1 0 4 0Z' },
  P: { width: 8, path: 'M0 10V0H4.5A2.8 2.8 0 0 1 4.5 5.6H0' },
  Q: { width: 8, path: 'M4 0A4 5 0 1 0 4 10A4 5 0 1 0 4 0ZM5 7L8.4 10.6' },
  R: { width: 8, path: 'M0 10V0H4.5A2.7 2.7 0 0 1 4.5 5.4H0M4 5.4L8 10' },
  S: {
    width: 8,
    path: 'M7 1.8C6.2 0.4 5 0 3.7 0C1.6 0 0.4 1.1 0.4 2.6C0.4 6 7.3 4 7.3 7.4C7.3 9 5.8 10 3.8 10C2 10 0.7 9.3 0 7.9',
  },
  T: { width: 8, path: 'M0 0H8M4 0V10' },
  U: { width: 8, path: 'M0 0V6A4 4 0 0 0 8 6V0' },
  V: { width: 8, path: 'M0 0L4 10L8 0' },
  W: { width: 11, path: 'M0 0L2.8 10L5.5 1.5L8.2 10L11 0' },
  X: { width: 8, path: 'M0 0L7.5 10M7.5 0L0 10' },
  Y: { width: 8, path: 'M0 0L4 5L8 0M4 5V10' },
  Z: { width: 8, path: 'M0 0H7.5L0 10H7.5' },
  0: { width: 7, path: 'M3.5 0A3.5 5 0 1 0 3.5 10A3.5 5 0 1 0 3.5 0Z' },
  1: { width: 4, path: 'M0.6 2L3.4 0V10' },
  2: { width: 7, path: 'M0.4 2.6C0.6 0.9 1.8 0 3.4 0C5.2 0 6.6 1.1 6.6 2.8C6.6 5 3.6 6.6 0.2 10H6.8' },
  3: { width: 7, path: 'M0.3 0H6.4L3 4A3.1 3 0 1 1 0 8.3' },
  4: { width: 7, path: 'M5 10V0L0 7H7' },
  5: { width: 7, path: 'M6.2 0H1.2L0.7 4.6C1.5 4 2.4 3.8 3.3 3.8A3.1 3.1 0 0 1 3.3 10C1.8 10 0.7 9.4 0 8.3' },
  6: { width: 7, path: 'M5.6 0L1 5.2M3.5 3.8A3.1 3.1 0 1 0 3.5 10A3.1 3.1 0 1 0 3.5 3.8Z' },
  7: { width: 7, path: 'M0 0H6.6L2.4 10' },
  8: {
    width: 7,
    path: 'M3.4 0A2.4 2.3 0 1 0 3.4 4.6A2.4 2.3 0 1 0 3.4 0ZM3.4 4.6A3 2.7 0 1 0 3.4 10A3 2.7 0 1 0 3.4 4.6Z',
  },
  9: { width: 7, path: 'M1.4 10L6 4.8M3.5 6.2A3.1 3.1 0 1 0 3.5 0A3.1 3.1 0 1 0 3.5 6.2Z' },
  '-': { width: 4, path: 'M0 5.5H4' },
  '.': { width: 2, path: 'M1 9.8V10' },
  ',': { width: 2, path: 'M1.4 9.3L0.6 11.6' },
  ':': { width: 2, path: 'M1 3.4V3.6M1 9.2V9.4' },
};

/** A line of text to draw. */
export interface DrawnText {
  /** Capitals, digits, `- . , :` and spaces. Other characters throw. */
  readonly text: string;
  /** The top left corner, pixels. */
  readonly left: number;
  readonly top: number;
  /** The height of a capital, pixels. */
  readonly size: number;
  /** Any SVG colour. */
  readonly colour: string;
}

/** The SVG of a line of text. Throws RangeError on a character that the font lacks. */
export function drawnText({ text, left, top, size, colour }: DrawnText): string {
  const paths: string[] = [];
  let at = 0;
  for (const character of text) {
    if (character === ' ') {
      at += SPACE_WIDTH + SPACING;
      continue;
    }
    const glyph = glyphOf(character);
    paths.push(`<path transform="translate(${at.toFixed(1)} 0)" d="${glyph.path}"/>`);
    at += glyph.width + SPACING;
  }
  const style = `fill="none" stroke="${colour}" stroke-width="${STROKE}" stroke-linecap="round" stroke-linejoin="round"`;
  return `<g transform="translate(${left} ${top}) scale(${size / 10})" ${style}>${paths.join('')}</g>`;
}

/** The width of a line of text in pixels, for capitals of that height. */
export function textWidth(text: string, size: number): number {
  const units = Array.from(text, (character) =>
    character === ' ' ? SPACE_WIDTH + SPACING : glyphOf(character).width + SPACING,
  ).reduce((sum, width) => sum + width, -SPACING);
  return Math.max(0, (units * size) / 10);
}

function glyphOf(character: string): Glyph {
  const glyph = glyphs[character];
  if (!glyph) throw new RangeError(`The sandbox's font has no ${JSON.stringify(character)}`);
  return glyph;
}
