// What holds for a stream of chunks as a whole: frames, order and end. The chunks' schemas are given by the caller.
import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** How the frames of a stream are checked. */
export interface ChunkRules {
  /** What is wrong with one chunk's body. */
  readonly chunk: (body: unknown) => readonly string[];
  /** What is wrong with an error frame's body. */
  readonly error: (body: unknown) => readonly string[];
}

interface Choice {
  readonly index?: number;
  readonly finish_reason?: unknown;
}

interface Chunk {
  readonly id?: unknown;
  readonly created?: unknown;
  readonly model?: unknown;
  readonly choices?: readonly Choice[];
}

/** Checks one event stream while it passes. */
export class StreamCheck {
  readonly violations: string[] = [];
  private readonly parser = createParser({
    onEvent: (event) => this.frame(event),
    onError: ({ message }) => this.violations.push(`a line that is no event stream: ${message}`),
  });
  private first: Chunk | undefined;
  private frames = 0;
  private line = '';
  private fields: '' | 'event' | 'data' = '';
  private over: 'done' | 'error' | undefined;
  private readonly running = new Set<number>();
  private readonly finished = new Set<number>();

  constructor(private readonly rules: ChunkRules) {}

  /** The next text of the stream, cut anywhere. */
  feed(text: string): void {
    this.parser.feed(text);
    const lines = (this.line + text).split('\n');
    this.line = lines.pop() ?? '';
    for (const line of lines) this.read(line);
  }

  /** The stream ended by itself: nothing may be missing. Not to be called for one that its reader left. */
  end(): void {
    if (this.over === undefined) this.violations.push('the stream ended without [DONE] and without an error');
    if (this.over === 'done' && this.running.size > 0) {
      this.complain(`choices ${[...this.running].join(', ')} have no finish_reason`);
    }
  }

  /** Looks for a name without data: parsers leave it out, and OpenAI's client breaks off at it. */
  private read(line: string): void {
    if (line === '' && this.fields === 'event')
      this.complain('is followed by one that has a name and no data');
    if (line === '') this.fields = '';
    else if (!line.startsWith(':')) this.fields = line.startsWith('data') ? 'data' : this.fields || 'event';
  }

  private frame({ data, event }: EventSourceMessage): void {
    this.frames += 1;
    if (this.over)
      return this.complain(`something follows the ${this.over === 'done' ? '[DONE]' : 'error'}: ${data}`);
    if (data === '[DONE]') return this.done(event);
    const body = parse(data);
    if (body === undefined) return this.complain(`is no JSON: ${data}`);
    const isError = typeof body === 'object' && body !== null && 'error' in body;
    if (event !== undefined && !(event === 'error' && isError))
      this.complain(`is named ${event}: clients read data only`);
    if (isError) {
      this.over = 'error';
      for (const complaint of this.rules.error(body)) this.complain(`(an error) ${complaint}`);
      return;
    }
    for (const complaint of this.rules.chunk(body)) this.complain(complaint);
    this.follow(body as Chunk);
  }

  private done(event: string | undefined): void {
    this.over = 'done';
    if (event !== undefined) this.complain(`is named ${event}: clients read data only`);
    if (!this.first) this.complain('is [DONE] before any chunk');
  }

  /** What must not change from chunk to chunk, and which choices are at their end. */
  private follow(chunk: Chunk): void {
    this.first ??= chunk;
    for (const key of ['id', 'created', 'model'] as const) {
      if (chunk[key] !== this.first[key]) this.complain(`has another ${key} than the first`);
    }
    const choices: readonly Choice[] = Array.isArray(chunk.choices) ? (chunk.choices as Choice[]) : [];
    for (const { index = 0, finish_reason: reason } of choices) {
      if (this.finished.has(index)) this.complain(`is of choice ${index}, which had finished`);
      this.running.add(index);
      if (typeof reason !== 'string') continue;
      this.running.delete(index);
      this.finished.add(index);
    }
  }

  private complain(complaint: string): void {
    this.violations.push(`frame ${this.frames} ${complaint}`);
  }
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
