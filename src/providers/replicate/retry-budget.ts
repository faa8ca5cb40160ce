// How many repeated creates a node may send, so that retries cannot multiply a load that is too high already.

/** What a first create adds: one repetition for every ten first creates. */
const SHARE = 0.1;

/** Most repetitions that can be saved up, which is also what a node starts with. */
const MOST = 10;

/** The node's allowance of repetitions. Over any time the repetitions are at most 10 + 10 % of the first creates. */
export class RetryBudget {
  private left = MOST;

  /** Notes that a create is sent for the first time. */
  deposit(): void {
    this.left = Math.min(MOST, this.left + SHARE);
  }

  /** Takes one repetition; false when none is left. */
  take(): boolean {
    if (this.left < 1) return false;
    this.left -= 1;
    return true;
  }
}
