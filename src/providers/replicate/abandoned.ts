// Ends predictions that nobody waits for any more, also one whose id is still on its way to us.
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Logger } from '@nestjs/common';
import { findPredictionId, type Prediction } from './prediction.wire.js';
import type { ListedPrediction, ReplicateClient } from './replicate.client.js';
import { UpstreamFault } from './upstream-fault.js';

/** A create that Replicate holds, so that its prediction's id is not known yet. */
export interface HeldCreate {
  readonly version: string;
  readonly input: object;
  /** When its bytes began to leave us, by `performance.now()`; undefined while they have not. */
  sentAt(): number | undefined;
  readonly answer: Promise<Prediction>;
}

/** By this age a create has reached Replicate and is in its list, in milliseconds. */
const LISTED_AFTER = 500;

/** Between two looks at the list, in milliseconds: what just ended has its answer here by then. */
const BETWEEN_LOOKS = 150;

/** Pauses between attempts to cancel, in milliseconds; `Cancel-After` at Replicate is the net below them. */
const CANCEL_PAUSES = [250, 1000, 4000, 15_000];

/** Cancels in the background; `settled` waits for what is under way. */
export class Abandoned {
  private readonly logger = new Logger(Abandoned.name);
  private readonly running = new Set<Promise<void>>();
  /** Predictions that callers of this node wait for: never the ones to end. */
  private readonly wanted = new Set<string>();
  /** Creates of this node whose predictions have no id yet. */
  private readonly held = new Set<HeldCreate>();
  private listing: Promise<ListedPrediction[]> | undefined;

  constructor(private readonly client: ReplicateClient) {}

  /** Marks a create as held, until its answer is in. */
  hold(held: HeldCreate): void {
    this.held.add(held);
    const release = (): void => void this.held.delete(held);
    held.answer.then(release, release);
  }

  /** Marks a prediction as waited for until `release`. */
  claim(id: string): void {
    this.wanted.add(id);
  }

  release(id: string): void {
    this.wanted.delete(id);
  }

  /** Ends a prediction by its id. */
  cancel(id: string): void {
    this.track(this.cancelUntilHeard(id));
  }

  /**
   * Ends what a held create started. Its answer tells the id, but up to 60 s late, so Replicate's list is asked
   * too: one running prediction with this very version and input, seen twice, that nobody here waits for. Where
   * the list leaves a doubt, the answer is waited for.
   */
  abandon(held: HeldCreate): void {
    this.track(this.cancelHeld(held));
  }

  /** When everything under way, and what follows from it, is done. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.allSettled(this.running);
  }

  private track(work: Promise<void>): void {
    this.running.add(work);
    void work.finally(() => this.running.delete(work));
  }

  private async cancelHeld(held: HeldCreate): Promise<void> {
    const answer = held.answer.then(
      ({ id, finished }) => (finished ? undefined : id),
      (fault: unknown) =>
        fault instanceof UpstreamFault ? findPredictionId(fault.partialBody ?? '') : undefined,
    );
    const listed = await Promise.race([answer, this.findListed(held)]);
    if (listed !== undefined) await this.cancelUntilHeard(listed);
    const id = await answer;
    if (id !== undefined && id !== listed) await this.cancelUntilHeard(id);
  }

  /** The id of a held create's prediction; never settles where the list does not tell it beyond doubt. */
  private async findListed(held: HeldCreate): Promise<string> {
    const sentAt = held.sentAt();
    if (sentAt !== undefined) {
      await sleep(Math.max(0, sentAt + LISTED_AFTER - performance.now()));
      const first = await this.onlyMatch(held);
      await sleep(BETWEEN_LOOKS);
      const second = first === undefined ? undefined : await this.onlyMatch(held);
      if (second !== undefined && second === first) return second;
    }
    return new Promise(() => undefined);
  }

  private async onlyMatch(held: HeldCreate): Promise<string | undefined> {
    const isSame = ({ version, input }: { version: unknown; input: unknown }): boolean =>
      version === held.version && isDeepStrictEqual({ ...(input as object) }, { ...held.input });
    if (!this.held.has(held) || [...this.held].some((other) => other !== held && isSame(other)))
      return undefined;
    const matches = (await this.list()).filter(
      (entry) => !entry.prediction.finished && !this.wanted.has(entry.prediction.id) && isSame(entry),
    );
    return matches.length === 1 ? matches[0]?.prediction.id : undefined;
  }

  /** The newest predictions; none where they cannot be had. Looks at the same time share one read. */
  private list(): Promise<ListedPrediction[]> {
    this.listing ??= this.client
      .listNewest()
      .catch((error: unknown) => {
        this.logger.debug(`Replicate's list could not be read: ${(error as Error).message}`);
        return [];
      })
      .finally(() => (this.listing = undefined));
    return this.listing;
  }

  private async cancelUntilHeard(id: string): Promise<void> {
    for (const pause of [...CANCEL_PAUSES, undefined]) {
      try {
        await this.client.cancel(id);
        return;
      } catch (error) {
        if (pause === undefined) {
          this.logger.error(`prediction ${id} could not be cancelled: ${(error as Error).message}`);
        } else await sleep(pause, undefined, { ref: false });
      }
    }
  }
}
