// Keeps a node within Replicate's limit of creates: no more than so many in any minute. Each create waits for its
// turn, first come first served.
import { ApiError } from '../../errors/api-error.js';
import type { Life } from './life.js';

/** What the limit is for, in milliseconds. */
const WINDOW = 60_000;

/** A create that waits for its turn. */
interface Waiter {
  readonly life: Life;
  go(): void;
  leave(reason: ApiError): void;
}

/** The turns of a node's creates. */
export class CreateGovernor {
  /** When the last creates went out, by `performance.now()`: as many as may in a minute, the oldest at `oldest`. */
  private readonly sent: Float64Array;
  private oldest = 0;
  /** From one turn to the next after a pause, in milliseconds, and how long that pace is kept. */
  private readonly interval: number;
  private pacedUntil = 0;
  /** No create goes out before, by `performance.now()`. */
  private pausedUntil = 0;
  /** In the order of coming. */
  private readonly queue = new Set<Waiter>();
  private timer: NodeJS.Timeout | undefined;

  constructor(createsPerMinute: number) {
    this.sent = new Float64Array(createsPerMinute).fill(-Infinity);
    this.interval = WINDOW / createsPerMinute;
  }

  /**
   * Resolves when it is the caller's turn.
   *
   * @throws {ApiError} `upstream_rate_limited` at once when the turn would come after the life's deadline, with
   *   the time until that turn; the life's ending when that comes first, which gives the turn to the next
   */
  async take(life: Life): Promise<void> {
    if (life.ending) throw life.ending;
    const wait = this.waitAt(this.queue.size);
    if (wait > life.remainingMs) throw tooLate(wait);
    if (wait > 0 || this.queue.size > 0) return this.enqueue(life);
    this.spend();
  }

  /** Returns a turn that was taken and not used. */
  giveBack(): void {
    this.oldest = (this.oldest + this.sent.length - 1) % this.sent.length;
    this.sent[this.oldest] = -Infinity;
    this.grant();
  }

  /** Lets no create go out for so long, in milliseconds; then one at a time for a minute. A longer pause is kept. */
  pause(ms: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, performance.now() + ms);
    this.pacedUntil = this.pausedUntil + WINDOW;
    let position = 0;
    for (const waiter of [...this.queue]) {
      const wait = this.waitAt(position);
      if (wait > waiter.life.remainingMs) waiter.leave(tooLate(wait));
      else position += 1;
    }
    this.grant();
  }

  private enqueue(life: Life): Promise<void> {
    return new Promise((resolve, reject) => {
      const { signal } = life;
      const onEnd = (): void => waiter.leave(life.ending ?? new ApiError('client_closed_request'));
      const dequeue = (): void => {
        this.queue.delete(waiter);
        signal.removeEventListener('abort', onEnd);
      };
      const waiter: Waiter = {
        life,
        go: () => {
          dequeue();
          resolve();
        },
        leave: (reason) => {
          dequeue();
          reject(reason);
        },
      };
      signal.addEventListener('abort', onEnd);
      this.queue.add(waiter);
      this.grant();
    });
  }

  /** Milliseconds until the turn of a create that has `position` others before it. */
  private waitAt(position: number): number {
    const now = performance.now();
    const size = this.sent.length;
    const before = this.sent[(this.oldest + position) % size] ?? -Infinity;
    const free = before + WINDOW * (1 + Math.floor(position / size));
    const isPaced = Math.max(now, this.pausedUntil) < this.pacedUntil;
    const paced = isPaced
      ? Math.max(this.last + this.interval, this.pausedUntil) + position * this.interval
      : 0;
    return Math.max(0, Math.max(free, paced, this.pausedUntil) - now);
  }

  /** When the last create went out. */
  private get last(): number {
    return this.sent[(this.oldest + this.sent.length - 1) % this.sent.length] ?? -Infinity;
  }

  private spend(): void {
    this.sent[this.oldest] = performance.now();
    this.oldest = (this.oldest + 1) % this.sent.length;
  }

  /** Lets go whose turn it is, and comes back for the next. */
  private grant(): void {
    clearTimeout(this.timer);
    for (const waiter of this.queue) {
      const wait = this.waitAt(0);
      if (wait > 0) {
        this.timer = setTimeout(() => this.grant(), Math.ceil(wait));
        return;
      }
      this.spend();
      waiter.go();
    }
  }
}

function tooLate(retryAfterMs: number): ApiError {
  return new ApiError('upstream_rate_limited', { retryAfterMs });
}
