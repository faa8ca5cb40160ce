// What of an answer may be shown while it is still being made: nothing that a stop text or a token limit will cut
// off. Pure.
import type { Sampling } from '../inference/inference.js';
import { truncateToTokens } from '../tokenizer/llama-tokenizer.js';
import { StopMatcher } from './stop-matcher.js';

/** A text that goes on is divided otherwise where it ended before, which may take some tokens more. */
const BOUNDARY = 8;

/** One answer as it grows. */
export class LiveText {
  /** All of it. Kept apart, since a long text that is looked into while it grows is copied each time. */
  private readonly pieces: string[] = [];
  /** How much was shown, and the text after that: no stop text can begin before. */
  private shown = 0;
  private held = '';
  /** No fewer tokens than the text has. */
  private mostTokens = BOUNDARY;
  private readonly stops: StopMatcher;
  private readonly maxTokens: number;

  /** @param maxTokens where the answer is to be cut; absent where its model was held to the limit itself */
  constructor({ stop = [], maxTokens = Infinity }: Pick<Sampling, 'stop' | 'maxTokens'>) {
    this.stops = new StopMatcher(stop);
    this.maxTokens = maxTokens;
  }

  /** Everything that has come so far. */
  get whole(): string {
    return this.pieces.join('');
  }

  /**
   * Adds a piece.
   *
   * @returns what can be shown now, and whether that is the end: whatever follows will be cut off
   */
  add(piece: string): { readonly show: string; readonly enough: boolean } {
    this.pieces.push(piece);
    const from = this.held.length;
    this.held += piece;
    const foundAt = this.stops.add(piece);
    const stopAt = foundAt === undefined ? undefined : from + foundAt;
    const limit = (this.limitAt(piece) ?? Infinity) - this.shown;
    const safe = stopAt ?? this.safeLength();
    return { show: this.take(Math.min(safe, limit)), enough: stopAt !== undefined || limit !== Infinity };
  }

  /** What of the final answer was not shown yet. Where that ends lines with CR LF, LF alone may have been heard. */
  rest(answer: string): string {
    const text = this.whole;
    let end = 0;
    for (let heard = 0; heard < this.shown; heard++) {
      end += answer.startsWith('\r\n', end) && text[heard] === '\n' ? 2 : 1;
    }
    return answer.slice(end);
  }

  private take(end: number): string {
    const show = this.held.slice(0, Math.max(0, end));
    this.held = this.held.slice(show.length);
    this.shown += show.length;
    return show;
  }

  /** How much of what is held no stop text can begin in, and what is no half of a character. */
  private safeLength(): number {
    const length = this.held.length - this.stops.pending;
    return isHighSurrogate(this.held.charCodeAt(length - 1)) ? length - 1 : length;
  }

  /** Where the token limit cuts the text; undefined while it does not. Counted only where it may be reached. */
  private limitAt(piece: string): number | undefined {
    if (this.maxTokens === Infinity) return undefined;
    this.mostTokens += Buffer.byteLength(piece);
    if (this.mostTokens <= this.maxTokens) return undefined;
    const { text, tokens, truncated } = truncateToTokens(this.whole, this.maxTokens);
    this.mostTokens = tokens + BOUNDARY;
    return truncated ? text.length : undefined;
  }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
