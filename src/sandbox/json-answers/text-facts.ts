// What of the seen is a text, by the name that a property gives it: colours, format, and what was read.
import { brightnessWord } from '../vision/written-answer.js';
import { hasWord } from './property-words.js';
import type { Sight } from './sight.js';

/** The text that a property of these words asks for; nothing when it was not seen. */
export function textFact(words: readonly string[], sight: Sight): string | undefined {
  const fact = facts.find(([names]) => hasWord(words, ...names));
  return fact?.[1](sight, words);
}

/** Whether a property of these words asks for an account of the whole. */
export function isAccount(words: readonly string[]): boolean {
  return hasWord(words, ...ACCOUNTS);
}

const ACCOUNTS = [
  'description',
  'summary',
  'note',
  'notes',
  'comment',
  'comments',
  'explanation',
  'reason',
  'reasoning',
  'caption',
  'answer',
  'details',
  'remarks',
  'message',
];

type Fact = (sight: Sight, words: readonly string[]) => string | undefined;

/** The first that has one of a property's words. */
const facts: readonly (readonly [names: readonly string[], fact: Fact])[] = [
  [['color', 'colour', 'colors', 'colours'], colour],
  [['format', 'extension', 'filetype'], ({ pictures }) => pictures[0]?.format],
  [['mime', 'mimetype', 'media'], mediaType],
  [['brightness', 'lighting', 'exposure'], ({ pictures }) => pictures[0] && brightnessWord(pictures[0])],
  [['orientation'], orientation],
  [['size', 'dimensions', 'resolution'], size],
  [['width'], ({ pictures }) => pictures[0] && String(pictures[0].width)],
  [['height'], ({ pictures }) => pictures[0] && String(pictures[0].height)],
  [
    ['currency'],
    ({ lines }) => found(lines, /\b(?:EUR|USD|GBP|CHF|JPY|SEK|NOK|DKK|PLN|CZK|CAD|AUD)\b|[€$£]/),
  ],
  [['date', 'day'], ({ lines }) => found(lines, DATE)],
  [['language'], ({ lines }) => (lines.length > 0 ? 'en' : undefined)],
  [
    ['number', 'id', 'reference', 'serial', 'code', 'sku', 'plate'],
    ({ lines }) =>
      found(lines, /[A-Z\d]*\d[A-Z\d]*(?:[-/][A-Z\d]+)+/i) ?? found(lines, /\b[A-Z]*\d{2,}[A-Z\d]*\b/i),
  ],
  [['total', 'amount', 'price', 'sum', 'subtotal'], ({ lines }) => found(lines, /\d+[.,]\d{2}\b/)],
  [['text', 'content', 'transcription', 'transcript', 'ocr', 'words', 'lines'], ({ lines }) => joined(lines)],
  [
    [
      'title',
      'heading',
      'headline',
      'name',
      'label',
      'header',
      'sign',
      'line',
      'item',
      'product',
      'type',
      'kind',
    ],
    ({ lines }) => lines[0],
  ],
];

const DATE = /\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|\b\d{1,2} [A-Z]{3,9}(?: \d{4})?\b/i;

function colour({ colours }: Sight, words: readonly string[]): string | undefined {
  const isSecond = hasWord(words, 'secondary', 'foreground', 'text', 'accent');
  return (isSecond ? colours[1] : undefined) ?? colours[0];
}

function mediaType({ pictures }: Sight): string | undefined {
  return pictures[0] && `image/${pictures[0].format.toLowerCase()}`;
}

function size({ pictures }: Sight): string | undefined {
  return pictures[0] && `${pictures[0].width}×${pictures[0].height}`;
}

function orientation({ pictures }: Sight): string | undefined {
  const { width, height } = pictures[0] ?? {};
  if (width === undefined || height === undefined) return undefined;
  if (width === height) return 'square';
  return width > height ? 'landscape' : 'portrait';
}

function found(lines: readonly string[], pattern: RegExp): string | undefined {
  return pattern.exec(lines.join('\n'))?.[0];
}

function joined(lines: readonly string[]): string | undefined {
  return lines.length > 0 ? lines.join('\n') : undefined;
}
