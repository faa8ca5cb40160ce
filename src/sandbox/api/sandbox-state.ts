// Everything that the routes share: made once by the start, handed to each of them.
import type { AnsweringParts } from '../answering/answer.js';
import type { BillBook } from '../bill.js';
import type { FaultScript } from '../faults/fault-script.js';
import type { FilesStore } from '../files/files.store.js';
import type { SandboxSettings } from '../options.js';
import type { WireContext } from '../predictions/prediction.wire.js';
import type { PredictionsStore } from '../predictions/predictions.store.js';
import type { Recent } from '../recent.js';
import type { LoggedRequest } from '../request-log.js';
import type { OpenStreams } from '../streams/open-streams.js';
import type { Webhooks } from '../webhooks/webhooks.js';

/** The running sandbox. */
export interface SandboxState {
  readonly settings: SandboxSettings;
  /** What the predictions of an account are answered with. */
  readonly answering: (account: string) => AnsweringParts;
  readonly store: PredictionsStore;
  readonly script: FaultScript;
  readonly bill: BillBook;
  readonly log: Recent<LoggedRequest>;
  readonly files: FilesStore;
  readonly streams: OpenStreams;
  readonly webhooks: Webhooks;
  /** `http://127.0.0.1:PORT`; known once it listens. */
  origin: string;
}

/** What the rendering of predictions needs, as of now. */
export function wireContext(state: SandboxState): WireContext {
  const { clock, retention, streams } = state.settings;
  return { baseUrl: `${state.origin}/v1`, now: clock(), retention, streams };
}

/** Ends everything that is on its way, and those first who would tell of the end of the others. */
export function endAll(state: SandboxState): void {
  state.webhooks.giveUp();
  state.streams.clear();
  state.store.clear();
}

/** Ends and forgets everything that has happened; what is scripted too. */
export function resetState(state: SandboxState): void {
  endAll(state);
  state.webhooks.clear();
  state.files.clear();
  state.script.clear();
  state.bill.clear();
  state.log.clear();
}
