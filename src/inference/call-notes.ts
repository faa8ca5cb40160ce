// What is learnt of a call on its way, for whoever accounts for it when it is over: the log, metrics, traces.

/** Notes on one call. */
export class CallNotes {
  /** The model's name as callers know it, once one is resolved. */
  model: string | undefined;
  private waits = 0;
  private since = 0;
  private waited = 0;

  /** Milliseconds in which the provider was waited for, by any of the call's predictions. */
  get waitedMs(): number {
    return this.waits > 0 ? this.waited + performance.now() - this.since : this.waited;
  }

  /** Does what waits for the provider. */
  async waitFor<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.waits++ === 0) this.since = performance.now();
    try {
      return await work();
    } finally {
      if (--this.waits === 0) this.waited += performance.now() - this.since;
    }
  }
}
