// Hands an answer on while it is made, each piece once, whatever brings the pieces and however often.
import { ApiError } from '../../errors/api-error.js';
import type { TextSink } from '../../inference/inference.js';

/** Most of an answer that is handed on while it is made, in UTF-16 units: more than any model says. */
const MOST_LIVE = 8 * 1024 ** 2;

/** Hands on one answer. */
export class Relay {
  private readonly pieces: string[] = [];
  private length = 0;
  private isOver = false;

  constructor(private readonly sink: TextSink) {}

  /**
   * Takes a piece of the answer and hands on what of it is new. Resolves when more can be taken.
   *
   * @param offset where the piece begins in the answer, in UTF-16 units
   */
  async take(piece: string, offset: number): Promise<void> {
    // A gap cannot be filled by a later piece; the whole answer at the end fills it, and brings what is too much here.
    if (this.isOver || offset > this.length || this.length > MOST_LIVE) return;
    const fresh = piece.slice(this.length - offset);
    if (fresh !== '') await this.pass(fresh);
  }

  /**
   * Hands on what of the whole answer is still missing.
   *
   * @throws {ApiError} `upstream_invalid_response` when what was handed on is not how the answer begins
   */
  async finish(answer: string): Promise<void> {
    this.isOver = true;
    const rest = restOf(answer, this.pieces.join(''));
    if (rest === undefined) {
      throw new ApiError('upstream_invalid_response', {
        message: 'The model provider streamed another answer than the one that it gave in the end.',
        billed: true,
      });
    }
    if (rest !== '') await this.pass(rest);
  }

  private async pass(text: string): Promise<void> {
    this.pieces.push(text);
    this.length += text.length;
    const room = this.sink(text);
    if (room) await room;
  }
}

/** An event stream ends its lines as it likes: CR LF in an answer may have arrived as LF. */
function restOf(answer: string, sent: string): string | undefined {
  if (answer.startsWith(sent)) return answer.slice(sent.length);
  const [whole, begun] = [answer, sent].map((text) => text.replace(/\r\n?/g, '\n')) as [string, string];
  return whole.startsWith(begun) ? whole.slice(begun.length) : undefined;
}
