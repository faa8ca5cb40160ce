// Everything that the routes share: made once by the start, handed to each of them.
import type { AnsweringParts } from '../answering/answer.js';
import type { BillBook } from '../bill.js';
import type { FaultScript } from '../faults/fault-script.js';
import type { SandboxSettings } from '../options.js';
import type { WireContext } from '../predictions/prediction.wire.js';
import type { PredictionsStore } from '../predictions/predictions.store.js';
import type { RequestLog } from '../request-log.js';

/** The running sandbox. */
export interface SandboxState {
  readonly settings: SandboxSettings;
  readonly answering: AnsweringParts;
  readonly store: PredictionsStore;
  readonly script: FaultScript;
  readonly bill: BillBook;
  readonly log: RequestLog;
  /** `http://127.0.0.1:PORT`; known once it listens. */
  origin: string;
}

/** What the rendering of predictions needs, as of now. */
export function wireContext(state: SandboxState): WireContext {
  const { clock, retention } = state.settings;
  return { baseUrl: `${state.origin}/v1`, now: clock(), retention };
}

/** Ends and forgets everything that has happened; what is scripted too. */
export function resetState(state: SandboxState): void {
  state.store.clear();
  state.script.clear();
  state.bill.clear();
  state.log.clear();
}
