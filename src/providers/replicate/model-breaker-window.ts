// When a model's circuit opens: counts how creates ended in the last 30 s. Cockatiel's own sampling breaker is not
// used, since its windows pass with the calls and not with time.
import { CircuitState, type IBreaker } from 'cockatiel';

/** How far back creates are counted, in milliseconds. */
const SPAN = 30_000;

/** How finely the span moves on, in milliseconds. */
const STEP = 1000;

/** Fewer creates than this prove nothing. */
const MIN_CREATES = 10;

/** The part of creates whose failing opens the circuit. */
const FAILING = 0.5;

interface Step {
  readonly startedAt: number;
  creates: number;
  failures: number;
}

/** Opens when at least half of at least ten creates within 30 s have failed. */
export class FailureWindow implements IBreaker {
  /** From the oldest to the newest; public because cockatiel wants to save it. */
  state: Step[] = [];

  success(circuit: CircuitState): void {
    if (circuit === CircuitState.HalfOpen) this.state = [];
    else this.current().creates += 1;
  }

  failure(circuit: CircuitState): boolean {
    const step = this.current();
    step.creates += 1;
    step.failures += 1;
    if (circuit !== CircuitState.Closed) return true;
    const creates = this.state.reduce((sum, entry) => sum + entry.creates, 0);
    const failures = this.state.reduce((sum, entry) => sum + entry.failures, 0);
    return creates >= MIN_CREATES && failures >= creates * FAILING;
  }

  private current(): Step {
    const now = performance.now();
    this.state = this.state.filter(({ startedAt }) => now - startedAt < SPAN);
    const newest = this.state.at(-1);
    if (newest && now - newest.startedAt < STEP) return newest;
    const step = { startedAt: now, creates: 0, failures: 0 };
    this.state.push(step);
    return step;
  }
}
