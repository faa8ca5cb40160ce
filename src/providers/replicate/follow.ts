// Follows a prediction to its end by asking for it again and again, at once when somebody knows more.
import { Logger } from '@nestjs/common';
import { ApiError } from '../../errors/api-error.js';
import type { Life } from './life.js';
import { outputText } from './output.js';
import type { Prediction } from './prediction.wire.js';
import type { Relay } from './relay.js';
import type { ReplicateClient } from './replicate.client.js';
import type { StreamWatch } from './stream-watch.js';
import { UpstreamFault } from './upstream-fault.js';
import type { Wake } from './wake.js';

/** Pause before the first question, in milliseconds, and how it grows. */
const FIRST_PAUSE = 250;
const GROWTH = 1.25;

/** Longest pauses, in milliseconds. Cold boots last minutes, and an account has 3,000 reads a minute in all. */
const LAST_PAUSE = { starting: 2000, running: 1000, failing: 5000 };

/** The same where the prediction's stream is heard: it brings the end too, and asking is for the case that it does not. */
const HEARD = { first: 1000, growth: 2, last: 5000 };

/** Longest pause that a refusal may ask for, in milliseconds. */
const MAX_ASKED_PAUSE = 30_000;

/** How often in a row Replicate may say that it knows no such prediction: a record may lag behind its create. */
const MAX_UNKNOWN = 5;

/** What is followed, and how. */
export interface FollowOptions {
  readonly client: Pick<ReplicateClient, 'get'>;
  readonly started: Prediction;
  readonly life: Life;
  readonly wake: Wake;
  /** Told how the prediction stands whenever that is news. */
  readonly onReport: (prediction: Prediction) => void;
  /** Listens to the prediction's stream, to know of its end at once; absent: asking alone tells it. */
  readonly streams?: Pick<StreamWatch, 'events'>;
  /** Takes the output as it grows, of a model that gives it in pieces. */
  readonly relay?: Relay | undefined;
}

/**
 * The finished prediction. Faults on the way are waited out, since the prediction runs on without us.
 *
 * @throws {ApiError} the life's ending, when that comes first, or that Replicate has lost the prediction
 * @throws {UpstreamFault} when Replicate does not know us any more
 */
export async function follow(options: FollowOptions): Promise<Prediction> {
  const over = new AbortController();
  try {
    return await new Following(options, over.signal).toTheEnd();
  } finally {
    over.abort();
  }
}

class Following {
  private readonly logger = new Logger(follow.name);
  private prediction: Prediction;
  private pause = FIRST_PAUSE;
  private unknown = 0;
  private listening = false;

  constructor(
    private readonly options: FollowOptions,
    private readonly over: AbortSignal,
  ) {
    this.prediction = options.started;
  }

  async toTheEnd(): Promise<Prediction> {
    const { life, wake } = this.options;
    if (!this.prediction.finished) this.listen();
    while (!this.prediction.finished) {
      if (await wake.wait(this.pause, life)) this.pause = FIRST_PAUSE;
      await this.look();
    }
    return this.prediction;
  }

  private async look(): Promise<void> {
    const { client, life } = this.options;
    let latest;
    try {
      latest = await client.get(this.prediction.id, life.signal);
    } catch (fault) {
      return this.sitOut(fault);
    }
    this.unknown = 0;
    this.note(latest);
    if (!this.listening && !latest.finished) await this.relayWhole(latest);
  }

  private note(latest: Prediction): void {
    const began = this.prediction.status === 'starting' && latest.status !== 'starting';
    const isFirstAddress = this.prediction.streamUrl === undefined;
    this.pause = this.pauseAfter(latest, began);
    const isNews = standsOtherwise(latest, this.prediction);
    this.prediction = latest;
    // A report wakes everybody who waits for the prediction, us too: repeated, it would make us ask without end.
    if (isNews) this.options.onReport(latest);
    // A stream is silent through a long boot, so that listening may have been given up before there was anything.
    if ((began || isFirstAddress) && !latest.finished) this.listen();
  }

  private pauseAfter({ status }: Prediction, began: boolean): number {
    if (this.options.relay && this.listening) {
      return Math.min(HEARD.last, Math.max(HEARD.first, this.pause * HEARD.growth));
    }
    if (began) return FIRST_PAUSE;
    return Math.min(status === 'starting' ? LAST_PAUSE.starting : LAST_PAUSE.running, this.pause * GROWTH);
  }

  private async sitOut(fault: unknown): Promise<void> {
    const { life } = this.options;
    if (life.ending) throw life.ending;
    if (!(fault instanceof UpstreamFault) || fault.status === 401 || fault.status === 403) throw fault;
    this.unknown = fault.status === 404 ? this.unknown + 1 : 0;
    if (this.unknown === MAX_UNKNOWN) throw new ApiError('upstream_invalid_response', { cause: fault });
    this.pause = Math.min(LAST_PAUSE.failing, this.pause * GROWTH);
    await life.sleep(Math.min(fault.retryAfterMs ?? 0, MAX_ASKED_PAUSE));
  }

  /** Without a stream, the output as it stands is as good. */
  private async relayWhole({ output }: Prediction): Promise<void> {
    const { relay, life } = this.options;
    if (relay && Array.isArray(output)) await life.race(relay.take(outputText(output) ?? '', 0));
  }

  /** Hears the prediction's stream, and wakes at its end. Whatever is wrong with it, asking goes on. */
  private listen(): void {
    const { streamUrl } = this.prediction;
    const { streams } = this.options;
    if (!streams || streamUrl === undefined || this.listening) return;
    this.listening = true;
    this.hear(() => streams.events(streamUrl, this.over))
      .catch((error: unknown) => this.logger.debug(`a stream failed: ${(error as Error).message}`))
      .finally(() => {
        this.listening = false;
        // What a broken stream has not brought is worth a look now.
        if (this.options.relay) this.options.wake.call();
      });
  }

  private async hear(listen: () => ReturnType<StreamWatch['events']>): Promise<void> {
    let hasFailed = false;
    let offset = 0;
    for await (const { type, data } of listen()) {
      if (type === 'output') {
        await this.options.relay?.take(data, offset);
        offset += data.length;
      }
      // One error is enough to look: what repeats it must not make us ask without end.
      if (type === 'done' || (type === 'error' && !hasFailed)) this.options.wake.call();
      hasFailed ||= type === 'error';
    }
  }
}

function standsOtherwise(latest: Prediction, before: Prediction): boolean {
  return latest.status !== before.status || latest.startedAt?.getTime() !== before.startedAt?.getTime();
}
