// Starts and ends the sandbox: Replicate's HTTP API on loopback, for a first run without a token and for
// tests. What it speaks is in `api/`, what it answers in `answering/` and `vision/`.
import type { AnsweringModel } from './answering/answering-model.js';
import { PictureClient } from './answering/picture.client.js';
import { pictureUrls } from './api/control.routes.js';
import { endAll, resetState, type SandboxState } from './api/sandbox-state.js';
import { buildServer } from './api/server.js';
import { BillBook, type Bill } from './bill.js';
import type { Fault } from './faults/fault.js';
import { FaultScript } from './faults/fault-script.js';
import { FilesStore } from './files/files.store.js';
import { ownFiles } from './files/own-files.js';
import { settingsOf, type SandboxOptions } from './options.js';
import { PredictionsStore } from './predictions/predictions.store.js';
import { Recent } from './recent.js';
import type { LoggedRequest } from './request-log.js';
import { OpenStreams } from './streams/open-streams.js';
import type { Delivery } from './webhooks/delivery.js';
import { Webhooks } from './webhooks/webhooks.js';
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
  /** The attempts to deliver webhooks until now, in the order in which they ended. */
  readonly deliveries: readonly Delivery[];
  /** Scripts faults for the creates to come, first in, first out. */
  script(...faults: readonly Fault[]): void;
  /**
   * Forgets predictions, files, bill, scripts and logs. Predictions on their way are canceled, streams broken
   * off, webhooks given up.
   */
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
  const files = new FilesStore(settings.clock);
  const state: SandboxState = {
    settings,
    answering: (account) => ({
      model: seeing.answer,
      fetchPicture: options.fetchPicture ?? ((url, signal) => client.get(url, signal)),
      files: ownFiles({ store: files, account, baseUrl: () => `${state.origin}/v1` }),
    }),
    store: new PredictionsStore(settings.heldPredictions, settings.clock),
    script: new FaultScript(),
    bill: new BillBook(settings.heldPredictions),
    log: new Recent(settings.heldPredictions),
    files,
    streams: new OpenStreams(),
    webhooks: new Webhooks(settings),
    origin: '',
  };
  const app = await buildServer(state);
  const close = async () => {
    endAll(state);
    await Promise.all([app.close(), client.close(), state.webhooks.close(), seeing.close()]);
    // What was accepted while the server closed.
    endAll(state);
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
      return state.log.items;
    },
    get deliveries() {
      return state.webhooks.deliveries;
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
