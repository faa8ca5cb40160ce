// The chunks of a streamed chat completion, in the order and with the keys that OpenAI sends.
import type { AnswerEvent, Answers } from '../gateway/question.js';
import { framesOf } from '../http/frames.js';
import type { ChatChunkChoice, ChatChunkDelta, ChatCompletionChunk } from './chat-chunk.contract.js';
import { chatUsage } from './chat-usage.js';

/** What all chunks of an answer share. */
export interface ChatChunkOptions {
  readonly model: string;
  /** When the request was taken up, in Unix seconds. */
  readonly created: number;
  /** Whether the counts follow in a chunk of their own. */
  readonly includeUsage: boolean;
}

/**
 * An answer as chunks. Choices come as they are made, between each other; each begins with its role, and ends with
 * a chunk that tells why. What the events throw is thrown on.
 */
export function chatChunks(
  events: AsyncGenerator<AnswerEvent, Answers, undefined>,
  options: ChatChunkOptions,
): AsyncGenerator<object, void, undefined> {
  const chunks = new ChatChunks(options);
  return framesOf(
    events,
    (event) => chunks.of(event),
    (answers) => chunks.ofEnd(answers),
  );
}

/** One answer's chunks. Remembers its id, and which choices have begun. */
class ChatChunks {
  private id: string | undefined;
  private readonly begun = new Set<number>();

  constructor(private readonly options: ChatChunkOptions) {}

  *of(event: AnswerEvent): Iterable<ChatCompletionChunk> {
    this.id ??= `chatcmpl-${event.id}`;
    const { choice } = event;
    if (!this.begun.has(choice)) {
      this.begun.add(choice);
      yield this.chunk(this.id, [choiceOf(choice, { role: 'assistant', content: '', refusal: null })]);
    }
    if (event.kind === 'end') yield this.chunk(this.id, [choiceOf(choice, {}, event.finishReason)]);
    else if (event.text !== '') yield this.chunk(this.id, [choiceOf(choice, { content: event.text })]);
  }

  *ofEnd({ choices, usage }: Answers): Iterable<ChatCompletionChunk> {
    if (!this.options.includeUsage) return;
    yield { ...this.chunk(this.id ?? `chatcmpl-${choices[0].id}`, []), usage: chatUsage(usage) };
  }

  private chunk(id: string, choices: ChatChunkChoice[]): ChatCompletionChunk {
    const { created, model, includeUsage } = this.options;
    return {
      id,
      object: 'chat.completion.chunk',
      created,
      model,
      service_tier: 'default',
      system_fingerprint: null,
      choices,
      ...(includeUsage ? { usage: null } : {}),
    };
  }
}

function choiceOf(
  index: number,
  delta: ChatChunkDelta,
  finishReason: ChatChunkChoice['finish_reason'] = null,
): ChatChunkChoice {
  return { index, delta, logprobs: null, finish_reason: finishReason };
}
