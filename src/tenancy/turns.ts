// Who may go on, where only some may at the same time: the first in each line, and of all lines together a few. Pure.

/** How much goes on at the same time. */
export interface TurnBounds {
  /** Of all lines together. */
  readonly atOnce: number;
  /** How many may wait in a line, behind the one whose turn it is. */
  readonly waiting: number;
  /** The error for those who find more than that. */
  readonly full: () => Error;
}

/** Waiting lines. */
export class Turns {
  /** By the name of a line whose turn somebody has: those who wait behind them. */
  private readonly lines = new Map<string, (() => void)[]>();
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  constructor(private readonly bounds: TurnBounds) {}

  /** Runs an act when all others in its line are done. @throws what `full` makes where the line is too long */
  async inLine<Value>(line: string, act: () => Promise<Value>): Promise<Value> {
    await this.joinLine(line);
    try {
      return await this.inPlace(act);
    } finally {
      this.leaveLine(line);
    }
  }

  /** Runs an act as soon as a place is free. */
  async inPlace<Value>(act: () => Promise<Value>): Promise<Value> {
    if (this.running < this.bounds.atOnce) this.running++;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await act();
    } finally {
      const next = this.waiting.shift();
      // The place goes from hand to hand.
      if (next) next();
      else this.running--;
    }
  }

  private async joinLine(name: string): Promise<void> {
    const line = this.lines.get(name);
    if (!line) return void this.lines.set(name, []);
    if (line.length >= this.bounds.waiting) throw this.bounds.full();
    await new Promise<void>((resolve) => line.push(resolve));
  }

  private leaveLine(name: string): void {
    const next = this.lines.get(name)?.shift();
    if (next) next();
    else this.lines.delete(name);
  }
}
