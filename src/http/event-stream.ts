// Writes a stream of JSON frames as server-sent events, at its reader's pace. What the frames say is the doors'
// matter; headers and the connection are the decorator's.
import type { ApiError } from '../errors/api-error.js';
import { Deadline } from './deadline.js';
import { errorBody } from './error-answer.js';
import { DONE, dataFrame, HEARTBEAT } from './event.wire.js';

/** Characters that may wait for the reader before the frames' producer has to wait too. */
const READ_AHEAD = 16_384;

/** How long a reader may leave a chunk unread, in milliseconds. */
const STALL_MS = 30_000;

const END: IteratorResult<string, void> = { done: true, value: undefined };

/** The surroundings of a stream. */
export interface EventStreamOptions {
  /** The longest silence, in milliseconds; then follows a comment. */
  readonly heartbeatMs: number;
  /** How long a chunk may stay unread, in milliseconds; 30 s where it is absent. */
  readonly stallMs?: number;
  /** Called right before the first chunk: the last moment for headers. */
  readonly onStart: () => void;
  /** Called once when the reader has stopped reading; is to close the connection. */
  readonly onStalled: () => void;
  /** What to tell the caller of an error after the first chunk. The place to log it. */
  readonly onError: (thrown: unknown) => ApiError;
}

/**
 * The text of a stream, for one reader that reads chunk after chunk.
 *
 * A frame is handed on as soon as it is there. Frames that come while the reader is busy wait for it, up to a
 * limit, and go out as one chunk. What fails before the first chunk is thrown, and can be answered with a status;
 * what fails later becomes a frame, after which the stream ends without `[DONE]`.
 */
export function eventStream(
  frames: AsyncIterable<object>,
  options: EventStreamOptions,
): AsyncGenerator<string, void, undefined> {
  return new EventStreamText(frames[Symbol.asyncIterator](), options);
}

/** What an event stream told its reader of as its failure, after its first chunk; undefined where there was none. */
export function failureOf(stream: unknown): ApiError | undefined {
  return stream instanceof EventStreamText ? stream.failure : undefined;
}

/** A generator function could not be ended while it waits for a frame; this can. */
class EventStreamText implements AsyncGenerator<string, void, undefined> {
  private readonly deadline = new Deadline(() => this.onDue());
  /** See {@link failureOf}. */
  failure: ApiError | undefined;
  /** Text that waits for the reader. */
  private ready = '';
  private reader: PromiseWithResolvers<IteratorResult<string, void>> | undefined;
  /** Whether a frame was asked for and is not there yet. There is one such promise at a time, listened to once. */
  private asked = false;
  private started = false;
  /** Whether no more frames are wanted. */
  private over = false;

  constructor(
    private readonly frames: AsyncIterator<object>,
    private readonly options: EventStreamOptions,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<string, void>> {
    if (this.reader) return Promise.reject(new Error('The last chunk is still being read.'));
    if (this.ready !== '') return Promise.resolve(this.take());
    if (this.over) {
      this.deadline.stop();
      return Promise.resolve(END);
    }
    this.reader = Promise.withResolvers();
    this.deadline.set(this.options.heartbeatMs);
    this.ask();
    return this.reader.promise;
  }

  /** Ends the stream and the frames; who waits for a chunk hears of it at once. */
  async return(): Promise<IteratorResult<string, void>> {
    this.over = true;
    this.ready = '';
    this.deadline.stop();
    this.release()?.resolve(END);
    await this.frames.return?.();
    return END;
  }

  async throw(thrown: unknown): Promise<never> {
    await this.return();
    throw thrown;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  private ask(): void {
    if (this.asked || this.over || this.ready.length >= READ_AHEAD) return;
    this.asked = true;
    this.frames.next().then(this.onFrame, this.onFailure);
  }

  private readonly onFrame = (result: IteratorResult<object, unknown>): void => {
    this.asked = false;
    if (this.over) return;
    try {
      this.ready += result.done ? DONE : dataFrame(result.value);
    } catch (thrown) {
      // No frame can be made of it, and the frames' producer does not know.
      this.frames.return?.().catch(this.options.onError);
      this.onFailure(thrown);
      return;
    }
    if (result.done) this.over = true;
    this.deliver();
    this.ask();
  };

  private readonly onFailure = (thrown: unknown): void => {
    this.asked = false;
    if (!this.started && !this.over) {
      this.over = true;
      this.deadline.stop();
      this.release()?.reject(thrown);
      return;
    }
    const error = this.options.onError(thrown);
    if (this.over) return;
    this.failure = error;
    this.over = true;
    if (error.reason !== 'client_closed_request') this.ready += dataFrame(errorBody(error));
    this.deliver();
  };

  /** Gives the reader what there is for it, or the end. */
  private deliver(): void {
    if (this.ready !== '') this.release()?.resolve(this.take());
    else if (this.over) {
      this.deadline.stop();
      this.release()?.resolve(END);
    }
  }

  private take(): IteratorResult<string, void> {
    if (!this.started) {
      this.started = true;
      this.options.onStart();
    }
    const value = this.ready;
    this.ready = '';
    this.deadline.set(this.options.stallMs ?? STALL_MS);
    this.ask();
    return { done: false, value };
  }

  private release(): typeof this.reader {
    const { reader } = this;
    this.reader = undefined;
    return reader;
  }

  /** Nothing came for the reader, or the reader did not come back. */
  private onDue(): void {
    if (!this.reader) {
      this.options.onStalled();
      return;
    }
    this.ready = HEARTBEAT;
    this.deliver();
  }
}
