// The chunks of a streamed completion, in the order and with the keys that OpenAI sends.
import type { AnswerEvent, Answers } from '../gateway/question.js';
import { toUsage } from '../contracts/usage.contract.js';
import { framesOf } from '../http/frames.js';
import type { CompletionChunk, CompletionChunkChoice } from './completion-chunk.contract.js';

/** What all chunks of an answer share. */
export interface CompletionChunkOptions {
  readonly model: string;
  /** When the request was taken up, in Unix seconds. */
  readonly created: number;
  /** Whether the counts follow in a chunk of their own. */
  readonly includeUsage: boolean;
  /** A text that each choice begins with. */
  readonly echo?: string;
}

/**
 * An answer as chunks. Choices come as they are made, between each other. What the events throw is thrown on.
 *
 * OpenAI tells why a choice ended with the last piece of its text. Which piece is the last is not known when it
 * comes, and no text is held back to find out: the reason comes in a chunk of its own, whose text is empty.
 */
export function completionChunks(
  events: AsyncGenerator<AnswerEvent, Answers, undefined>,
  options: CompletionChunkOptions,
): AsyncGenerator<object, void, undefined> {
  const chunks = new CompletionChunks(options);
  return framesOf(
    events,
    (event) => chunks.of(event),
    (answers) => chunks.ofEnd(answers),
  );
}

/** One answer's chunks. Remembers its id, and which choices have begun. */
class CompletionChunks {
  private id: string | undefined;
  private readonly begun = new Set<number>();

  constructor(private readonly options: CompletionChunkOptions) {}

  *of(event: AnswerEvent): Iterable<CompletionChunk> {
    this.id ??= event.id;
    const text = this.beginning(event.choice) + (event.kind === 'text' ? event.text : '');
    if (event.kind === 'end') yield this.chunk(this.id, [choiceOf(event.choice, text, event.finishReason)]);
    else if (text !== '') yield this.chunk(this.id, [choiceOf(event.choice, text)]);
  }

  *ofEnd({ choices, usage }: Answers): Iterable<CompletionChunk> {
    if (!this.options.includeUsage) return;
    const { choices: none, ...head } = this.chunk(this.id ?? choices[0].id, []);
    yield { ...head, usage: toUsage(usage), choices: none };
  }

  /** What comes before the first text of a choice. */
  private beginning(choice: number): string {
    if (this.begun.has(choice)) return '';
    this.begun.add(choice);
    return this.options.echo ?? '';
  }

  private chunk(id: string, choices: CompletionChunkChoice[]): CompletionChunk {
    const { created, model, includeUsage } = this.options;
    return {
      id,
      object: 'text_completion',
      created,
      model,
      choices,
      ...(includeUsage ? { usage: null } : {}),
    };
  }
}

function choiceOf(
  index: number,
  text: string,
  finishReason: CompletionChunkChoice['finish_reason'] = null,
): CompletionChunkChoice {
  return { text, index, logprobs: null, finish_reason: finishReason };
}
