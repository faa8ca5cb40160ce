// Writes the sandbox's answer to a prompt from what it saw: a few English sentences that hide nothing of
// their origin.
import type { SeenPicture } from './picture-reader.js';

type Sentence = (seen: SeenPicture) => string;

/**
 * What a prompt may ask that the sandbox can answer: how the prompt says it, and the sentence that answers
 * it.
 */
const specialities: readonly (readonly [asked: RegExp, say: Sentence])[] = [
  [/\b(texts?|read|ocr|says?|written|words?|transcri\w+|letters?)\b/i, textSentence],
  [/\bcolou?rs?\b/i, colourSentence],
  [/\b(how (big|large|wide|tall|high)|sizes?|dimensions?|resolution|width|height|pixels)\b/i, sizeSentence],
  [/\b(bright|dark|brightness|light)\b/i, brightnessSentence],
  [/\b(file|image) (format|type)\b/i, formatSentence],
];

/** To what an answer is given. */
export interface AskedQuestion {
  readonly question: string;
  /** How many turns of the conversation came before. */
  readonly earlierTurns: number;
  /** Who the caller believes to ask. */
  readonly model: string;
}

/**
 * The answer about pictures, one passage each in their order: first what is asked, then what it is that
 * answers, then the rest.
 */
export function writtenAnswer(
  { question, earlierTurns, model }: AskedQuestion,
  pictures: readonly SeenPicture[],
): string {
  const asked = specialities.filter(([pattern]) => pattern.test(question)).map(([, say]) => say);
  const rest = [generalSentence, textSentence].filter((say) => !asked.includes(say));
  return [passages(pictures, asked), disclaimer(model), memory(earlierTurns), passages(pictures, rest)]
    .filter((part) => part !== '')
    .join(pictures.length === 1 ? ' ' : '\n');
}

/** What answers and what it saw, for an answer that is no text. */
export function statement({ model, earlierTurns }: AskedQuestion, pictures: readonly SeenPicture[]): string {
  if (pictures.length === 0) return `This is the sandbox, not ${model}: it got no picture.`;
  const said = [disclaimer(model), memory(earlierTurns), passages(pictures, [generalSentence])];
  return said.filter((part) => part !== '').join(pictures.length === 1 ? ' ' : '\n');
}

/** The answer of a model that gets no picture. */
export function pictureLessAnswer({ question, earlierTurns, model }: AskedQuestion): string {
  const beginning = Array.from(question.trim().slice(0, 1000).split(/\s+/, 8).join(' '))
    .slice(0, 80)
    .join('');
  const saw =
    question.trim() === ''
      ? 'The prompt is empty.'
      : `The prompt has ${question.length} characters and begins “${beginning}”.`;
  const said = `This is the sandbox, not ${model}: it got no picture and does not understand language.`;
  return [said, memory(earlierTurns), saw].filter((part) => part !== '').join(' ');
}

function memory(earlierTurns: number): string {
  if (earlierTurns === 0) return '';
  return `It has read ${earlierTurns === 1 ? 'the turn' : `the ${earlierTurns} turns`} before.`;
}

function disclaimer(model: string): string {
  return `This is the sandbox, not ${model}: it reads a picture's format, size, colours, brightness and text, and nothing more.`;
}

function passages(pictures: readonly SeenPicture[], sentences: readonly Sentence[]): string {
  if (sentences.length === 0) return '';
  const said = pictures.map((seen) => sentences.map((say) => say(seen)).join(' '));
  return said.length === 1
    ? said.join('')
    : said.map((text, index) => `Image ${index + 1}: ${text}`).join('\n');
}

function generalSentence(seen: SeenPicture): string {
  return `The image is a ${seen.width}×${seen.height} ${seen.format}, ${colourWords(seen)}, ${brightnessWord(seen)}.`;
}

function textSentence({ text }: SeenPicture): string {
  return text === ''
    ? 'It contains no text that can be read.'
    : `It contains the text “${text.replaceAll('\n', ' / ')}”.`;
}

function colourSentence(seen: SeenPicture): string {
  return `The image is ${colourWords(seen)}.`;
}

function sizeSentence({ width, height }: SeenPicture): string {
  return `The image is ${width} pixels wide and ${height} pixels high.`;
}

function brightnessSentence(seen: SeenPicture): string {
  return `The image is ${brightnessWord(seen)}.`;
}

function formatSentence({ format }: SeenPicture): string {
  return `The image is a ${format} file.`;
}

function colourWords({ colours }: SeenPicture): string {
  const names = colours.map(({ name }) => name);
  const last = names.pop() ?? 'of no colour';
  return names.length === 0 ? `almost entirely ${last}` : `mostly ${names.join(', ')} and ${last}`;
}

/** How bright a picture is, in a word or three. */
export function brightnessWord({ luminance }: SeenPicture): string {
  if (luminance < 0.3) return 'dark';
  return luminance > 0.65 ? 'bright' : 'of medium brightness';
}
