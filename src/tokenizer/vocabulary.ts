// The Llama vocabulary (32,000 tokens) as flat tables, made at first use from the data of llama-tokenizer-js.
// No text is handled here: chunks.ts cuts it and byte-pair-encoding.ts merges it.
import llamaTokenizer from 'llama-tokenizer-js';
import { MergeTable } from './merge-table.js';

/** What stands for a space in the vocabulary, U+2581. A text may also hold it as itself: the same token. */
const SPACE_MARK = '▁';
const SPACE = 0x20;
const UTF16_UNITS = 0x10000;

/** The tables that counting needs. Characters are Unicode code points; `unit` is a UTF-16 code unit. */
export interface Vocabulary {
  /** Token id of each one-unit character; 0 when it has none and falls back to its UTF-8 bytes. */
  readonly characterIds: Uint16Array;
  /** Token id of each character of two units that has one. */
  readonly astralIds: ReadonlyMap<number, number>;
  /** Token ids of the 256 bytes. No merge takes one of them. */
  readonly byteIds: Uint16Array;
  /** Length in UTF-16 units of each token that merges can make. */
  readonly tokenLengths: Uint16Array;
  readonly merges: MergeTable;
  /** A small number for each unit that some merge joins to another; 0 for every other. */
  readonly joinClasses: Uint16Array;
  /** 1 at `left * joinClassCount + right` when some merge joins these two classes at its seam. */
  readonly joins: Uint8Array;
  readonly joinClassCount: number;
}

let loaded: Vocabulary | undefined;

/** The vocabulary, made on the first call. Throws when the library's data is not what the tables assume. */
export function vocabulary(): Vocabulary {
  loaded ??= load();
  return loaded;
}

function load(): Vocabulary {
  const { vocabById, vocabByString } = llamaTokenizer;
  return {
    ...characterTables(vocabByString),
    byteIds: Uint16Array.from({ length: 256 }, (_, byte) => idOf(byteToken(byte), vocabByString)),
    tokenLengths: Uint16Array.from(vocabById, (token) => token.length),
    ...mergeTables(llamaTokenizer.merges, vocabByString),
  };
}

function characterTables(ids: ReadonlyMap<string, number>): Pick<Vocabulary, 'characterIds' | 'astralIds'> {
  const characterIds = new Uint16Array(UTF16_UNITS);
  const astralIds = new Map<number, number>();
  for (const [token, id] of ids) {
    if (token.length === 1) characterIds[token.charCodeAt(0)] = id;
    const codePoint = token.codePointAt(0) ?? 0;
    if (token.length === 2 && codePoint >= UTF16_UNITS) astralIds.set(codePoint, id);
  }
  characterIds[SPACE] = idOf(SPACE_MARK, ids);
  return { characterIds, astralIds };
}

/** The library's merges run from the first to apply to the last; its own numbers are only their order. */
function mergeTables(
  priorities: ReadonlyMap<string, number>,
  ids: ReadonlyMap<string, number>,
): Pick<Vocabulary, 'merges' | 'joinClasses' | 'joins' | 'joinClassCount'> {
  const merges = new MergeTable(priorities.size);
  const seams = new Set<number>();
  let rank = 0;
  let latest = 0;
  for (const [pair, priority] of priorities) {
    if (priority <= latest) throw new Error(`Merge "${pair}" is out of order`);
    latest = priority;
    const gap = pair.indexOf(' ');
    const left = pair.slice(0, gap);
    const right = pair.slice(gap + 1);
    merges.add(idOf(left, ids), idOf(right, ids), rank, idOf(left + right, ids));
    seams.add(left.charCodeAt(gap - 1) * UTF16_UNITS + right.charCodeAt(0));
    rank += 1;
  }
  return { merges, ...joinTables(seams) };
}

function joinTables(
  seams: ReadonlySet<number>,
): Pick<Vocabulary, 'joinClasses' | 'joins' | 'joinClassCount'> {
  const joinClasses = new Uint16Array(UTF16_UNITS);
  let joinClassCount = 1;
  const split = Array.from(seams, (seam): [number, number] => [seam >>> 16, seam & 0xffff]);
  for (const unit of split.flat()) {
    if (unit >= 0xd800 && unit <= 0xdfff) throw new Error('A merge takes a character of two units');
    if (joinClasses[unit] === 0) joinClasses[unit] = joinClassCount++;
  }
  joinClasses[SPACE] = joinClasses[SPACE_MARK.charCodeAt(0)] ?? 0;
  const joins = new Uint8Array(joinClassCount * joinClassCount);
  for (const [left, right] of split) {
    joins[(joinClasses[left] ?? 0) * joinClassCount + (joinClasses[right] ?? 0)] = 1;
  }
  return { joinClasses, joins, joinClassCount };
}

function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}

function idOf(token: string, ids: ReadonlyMap<string, number>): number {
  const id = ids.get(token);
  if (id === undefined) throw new Error(`The vocabulary has no token "${token}"`);
  return id;
}
