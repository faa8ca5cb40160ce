// Hands values from many writers to one reader, who sets the pace.

/** How many values may wait before writers have to. */
const ROOM = 16;

/** A bounded queue with one reader. */
export class Channel<Value> {
  private readonly waiting: Value[] = [];
  private readonly writers: (() => void)[] = [];
  private wakeReader: (() => void) | undefined;
  private end: { readonly error?: unknown } | undefined;

  /** Adds a value. Where it gives a promise, the writer should wait for it. After the end, values are dropped. */
  write(value: Value): Promise<void> | undefined {
    if (this.end) return undefined;
    this.waiting.push(value);
    this.wake();
    if (this.waiting.length < ROOM) return undefined;
    return new Promise((resolve) => this.writers.push(resolve));
  }

  /** Nothing more will come. */
  close(): void {
    this.end ??= {};
    this.wake();
  }

  /** Nothing more will come, and this is why: the reader meets it after what is waiting. */
  fail(error: unknown): void {
    this.end ??= { error };
    this.wake();
  }

  /** The values, in order, until the end. A reader who stops early lets the writers go. */
  async *values(): AsyncGenerator<Value, void, undefined> {
    try {
      for (;;) {
        while (this.waiting.length > 0) {
          const value = this.waiting.shift() as Value;
          if (this.waiting.length < ROOM) this.letGo();
          yield value;
        }
        if (this.end) break;
        await new Promise<void>((resolve) => (this.wakeReader = resolve));
      }
      if ('error' in this.end) throw this.end.error;
    } finally {
      this.close();
      this.waiting.length = 0;
      this.letGo();
    }
  }

  private wake(): void {
    this.wakeReader?.();
    this.wakeReader = undefined;
  }

  private letGo(): void {
    for (const resolve of this.writers.splice(0)) resolve();
  }
}
