// What of the seen is a number or a yes or no, by the name that a property gives it.
import type { SeenPicture } from '../vision/picture-reader.js';
import { hasWord } from './property-words.js';
import type { Sight } from './sight.js';

/** The number that a property of these words asks for; nothing when it was not seen. */
export function numberFact(words: readonly string[], sight: Sight): number | undefined {
  const [picture] = sight.pictures;
  const measured = picture && measures.find(([names]) => hasWord(words, ...names))?.[1](picture);
  if (measured !== undefined) return measured;
  if (hasWord(words, 'count', 'number', 'num', 'quantity', 'qty')) return counted(words, sight);
  return hasWord(words, ...AMOUNTS) ? amount(words, sight.lines) : undefined;
}

/** The yes or no that a property of these words asks for; nothing when it was not seen. */
export function flagFact(words: readonly string[], sight: Sight): boolean | undefined {
  const [picture] = sight.pictures;
  if (hasWord(words, 'text', 'readable', 'legible')) return sight.lines.length > 0;
  if (!picture) return undefined;
  if (hasWord(words, 'dark')) return picture.luminance < 0.3;
  if (hasWord(words, 'bright', 'light')) return picture.luminance > 0.65;
  if (hasWord(words, 'landscape')) return picture.width > picture.height;
  if (hasWord(words, 'portrait')) return picture.width < picture.height;
  const colour = sight.colours.find((name) => name.split(' ').some((word) => words.includes(word)));
  return colour === undefined ? undefined : true;
}

const measures: readonly (readonly [names: readonly string[], measure: (seen: SeenPicture) => number])[] = [
  [['width'], ({ width }) => width],
  [['height'], ({ height }) => height],
  [['aspect'], ({ width, height }) => rounded(width / height)],
  [['pixels', 'area'], ({ width, height }) => width * height],
  [['brightness', 'luminance'], ({ luminance }) => rounded(luminance)],
  [['share', 'coverage'], ({ colours }) => rounded(colours[0]?.share ?? 0)],
];

const AMOUNTS = ['total', 'amount', 'price', 'sum', 'subtotal', 'cost', 'value', 'balance', 'net', 'gross'];

function counted(words: readonly string[], { pictures, lines, colours }: Sight): number {
  if (hasWord(words, 'quantity', 'qty')) return 1;
  if (hasWord(words, 'colors', 'colours', 'color', 'colour')) return colours.length;
  if (hasWord(words, 'images', 'pictures', 'image', 'picture', 'photos')) return pictures.length;
  if (hasWord(words, 'words', 'word')) return lines.flatMap((line) => line.split(' ')).length;
  if (hasWord(words, 'characters', 'letters')) return lines.join('').length;
  return lines.length;
}

/** A sum of money that was read: that of the line which says total, or the first. */
function amount(words: readonly string[], lines: readonly string[]): number | undefined {
  const preferred = hasWord(words, 'total', 'sum') ? lines.filter((line) => /total|sum/i.test(line)) : [];
  const text = /\d+[.,]\d{2}\b/.exec([...preferred, ...lines].join('\n'))?.[0];
  return text === undefined ? undefined : Number(text.replace(',', '.'));
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
