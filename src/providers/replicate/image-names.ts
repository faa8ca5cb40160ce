// What a field's name and description say about images: whether it holds one, and in which form.
import type { ImageForm } from '../../inference/inference.js';
import { wordsOf } from './field-names.js';
import type { Property } from './schema.wire.js';

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

const IMAGE = words('image images img imgs picture pictures photo photos pic pics');

/** Words that say how an image is given, not which one. */
const GIVEN = words(
  'input inputs url urls uri uris link links address addresses path paths file files data list base64 encoded ' +
    'string strings str src source query user http https',
);

const ADDRESS = words('url urls uri uris link links address addresses');
const PLURAL = words('images imgs pictures photos pics urls uris links addresses paths');
const FILE = words('media file files attachment attachments upload uploads asset assets visual visuals');

/** Never an image to look at, whatever else the name says. */
const NEVER = words('mask masks archive zip tar weights lora checkpoint template');

/** No image, unless the name says that it may be one. */
const OTHER = words(
  'video videos audio audios sound speech voice music song movie clip document documents pdf doc docx text csv ' +
    'json subtitle subtitles transcript font model mesh',
);

/** How plainly a name says that it is the image to look at: the less, the plainer; undefined where it is none. */
export type ImageRank = 0 | 1 | 2 | 3;

/** The rank of a field that holds a file, by its name. */
export function fileRank(name: string): ImageRank | undefined {
  const said = wordsOf(name);
  if (said.some((word) => NEVER.has(word))) return undefined;
  if (isPlainlyImage(said)) return 0;
  if (said.some((word) => IMAGE.has(word))) return 1;
  if (said.some((word) => OTHER.has(word))) return undefined;
  return said.some((word) => FILE.has(word)) ? 2 : 3;
}

/** The rank of a field that holds plain text, which must say more than a file's that it is for an image. */
export function textRank({ name, type, description }: Property): ImageRank | undefined {
  const said = wordsOf(name).filter((word) => !/^\d/.test(word));
  if (said.length === 0 || said.some((word) => NEVER.has(word))) return undefined;
  if (isPlainlyImage(said)) return 0;
  const isGiven = said.every((word) => GIVEN.has(word));
  if (isGiven && said.includes('base64')) return 1;
  const isAddress = isGiven && said.some((word) => ADDRESS.has(word));
  const isDescribed = /\b(image|picture|photo)s?\b/i.test(description);
  if (isAddress && (type === 'array' || isDescribed)) return 2;
  return saysCommas(description) && isDescribed && /\bur[li]s?\b/i.test(description) ? 2 : undefined;
}

/** The forms in which a field of plain text takes images. Data URIs are not among them: uploads are no such text. */
export function formsOf({ name, description }: Property): readonly ImageForm[] {
  const said = wordsOf(name);
  const isAddress = said.some((word) => ADDRESS.has(word));
  if (said.includes('base64')) return ['base64'];
  const rest = description.replace(/\bdata[ -]?ur[il]s?\b/gi, '');
  const takesAddress = isAddress || /\bur[li]s?\b/i.test(rest);
  if (rest !== description) return takesAddress ? ['address'] : [];
  if (/base-?64/i.test(rest)) return takesAddress ? ['address', 'base64'] : ['base64'];
  return said.includes('encoded') || (said.includes('data') && !isAddress) ? ['base64'] : ['address'];
}

/** Whether a field of plain text takes several addresses, split on commas. */
export function isCommaSeparated({ name, description }: Property): boolean {
  const said = wordsOf(name);
  return saysCommas(description) || (!said.includes('base64') && said.some((word) => PLURAL.has(word)));
}

function isPlainlyImage(said: readonly string[]): boolean {
  const plain = said.filter((word) => !/^\d/.test(word));
  return plain.some((word) => IMAGE.has(word)) && plain.every((word) => IMAGE.has(word) || GIVEN.has(word));
}

function saysCommas(description: string): boolean {
  return /comma[\s-]?(separated|delimited)|separated by (a )?commas?|\bcsv\b/i.test(description);
}
