// A moment by which something has to happen, for moments that move with every chunk of a stream.

/** Calls back when its moment has come. Moving the moment costs no timer, as a rule. */
export class Deadline {
  private timer: NodeJS.Timeout | undefined;
  private due = 0;
  /** When the timer fires: at the moment, or before it. */
  private firesAt = 0;

  constructor(private readonly onDue: () => void) {}

  /** Moves the moment to `ms` from now. */
  set(ms: number): void {
    const now = performance.now();
    this.due = now + ms;
    if (this.timer === undefined || this.firesAt > this.due) this.arm(ms, now);
  }

  /** Lets it be. No timer is left behind. */
  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private arm(ms: number, now: number): void {
    clearTimeout(this.timer);
    this.firesAt = now + ms;
    this.timer = setTimeout(() => this.fire(), ms);
  }

  private fire(): void {
    this.timer = undefined;
    const now = performance.now();
    if (this.due > now) this.arm(this.due - now, now);
    else this.onDue();
  }
}
