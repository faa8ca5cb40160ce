// Starts and ends the sandbox: Replicate's HTTP API on loopback, for a first run without a token and for
// tests. What it speaks is in `api/`, what it answers in `answering/` and `vision/`.
import type { AnsweringModel } from './answering/answering-model.js';
import { PictureClient } from './answering/picture.client.js';
import { pictureUrls } from './api/control.routes.js';
import { resetState, type SandboxState } from './api/sandbox-state.js';
import { buildServer } from './api/server.js';
import { BillBook, type Bill } from './bill.js';
import type { Fault } from './faults/fault.js';
import { FaultScript } from './faults/fault-script.js';
import { settingsOf, type SandboxOptions } from './options.js';
import { PredictionsStore } from './predictions/predictions.store.js';
import { RequestLog, type LoggedRequest } from './request-log.js';
import { startSeeing, type SeeingModel } from './vision/seeing-model.js';

/** A running sandbox. */
export interface Sandbox {
  /** `http://127.0.0.1:PORT/v1`: what stands in for `https://api.replicate.com/v1`. */
  readonly baseUrl: string;
  /** Pictures that it serves, to ask about: name to URL. */
  readonly pictures: Readonly<Record<string, string>>;
  /** What Replicate would have charged until now. */
  readonly bill: Bill;
  /** The requests to its API until now, oldest first. */
  readonly requests: readonly LoggedRequest[];
  /** Scripts faults for the creates to come, first in, first out. */
  script(...faults: readonly Fault[]): void;
  /** Forgets predictions, bill, scripts and log; predictions on their way are canceled. */
  reset(): void;
  /** Ends every prediction, connection, timer and thread. */
  close(): Promise<void>;
}

/**
 * Starts the sandbox on 127.0.0.1. Throws when the port is taken, and when its development dependencies are
 * missing while no `model` is given.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const settings = settingsOf(options);
  const client = new PictureClient();
  const seeing = options.model ? givenModel(options.model) : await startSeeing();
  const state: SandboxState = {
    settings,
    answering: {
      model: seeing.answer,
      fetchPicture: options.fetchPicture ?? ((url, signal) => client.get(url, signal)),
    },
    store: new PredictionsStore(settings.heldPredictions, settings.clock),
    script: new FaultScript(),
    bill: new BillBook(settings.heldPredictions),
    log: new RequestLog(settings.heldPredictions),
    origin: '',
  };
  const app = await buildServer(state);
  const close = async () => {
    state.store.clear();
    await Promise.all([app.close(), client.close(), seeing.close()]);
    // What was accepted while the server closed.
    state.store.clear();
  };
  try {
    state.origin = await app.listen({ host: '127.0.0.1', port: settings.port });
  } catch (error) {
    await close();
    throw error;
  }
  return running(state, close);
}

function givenModel(answer: AnsweringModel): SeeingModel {
  return { answer, close: () => Promise.resolve() };
}

function running(state: SandboxState, close: () => Promise<void>): Sandbox {
  return {
    baseUrl: `${state.origin}/v1`,
    pictures: pictureUrls(state.origin),
    get bill() {
      return state.bill.read();
    },
    get requests() {
      return state.log.requests;
    },
    script: (...faults) => {
      state.script.add(faults);
    },
    reset: () => {
      resetState(state);
    },
    close,
  };
}
