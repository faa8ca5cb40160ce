// Bounds how much of something happens at the same time.

/** A number of places; who comes when all are taken waits, first come, first served. */
export class Semaphore {
  private readonly waiting = new Set<() => void>();

  constructor(private free: number) {}

  /**
   * Does the work in a place of its own.
   *
   * @param signal ends the wait for a place; its reason is thrown
   */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.enter(signal);
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  private async enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.free > 0) {
      this.free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const admit = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        this.waiting.delete(admit);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.waiting.add(admit);
    });
  }

  /** A place goes from hand to hand while anyone waits. */
  private leave(): void {
    const [admit] = this.waiting;
    if (!admit) {
      this.free++;
      return;
    }
    this.waiting.delete(admit);
    admit();
  }
}
