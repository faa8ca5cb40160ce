// Replicate's API in the few verbs that we use, through the official client over our own transport.
import Replicate from 'replicate';
import type { Life } from './life.js';
import { type Prediction, readPrediction } from './prediction.wire.js';
import { FailedReply, type ReplicateTransport } from './transport.js';
import { UpstreamFault } from './upstream-fault.js';

/** Longest hold that Replicate offers, in seconds. */
const MAX_HOLD = 60;

/** A prediction as a list shows it: enough to find one whose id never reached us. */
export interface ListedPrediction {
  readonly prediction: Prediction;
  readonly version: unknown;
  readonly input: unknown;
}

/** Replicate. All methods reject with an {@link UpstreamFault}. */
export class ReplicateClient {
  private readonly replicate: Replicate;

  constructor(options: { token: string | undefined; baseUrl: string; transport: ReplicateTransport }) {
    this.replicate = new Replicate({
      auth: options.token ?? '',
      baseUrl: options.baseUrl,
      fetch: options.transport.fetch,
      useFileOutput: false,
    });
  }

  /**
   * Starts a prediction and holds the line for its end, 60 s at most and never past the life's deadline.
   * One call is one POST. A life that ends stops it only while nothing was sent.
   */
  create(version: string, input: object, life: Life): Promise<Prediction> {
    // Ends before the deadline does, so that its answer brings the id to cancel by.
    const wait = Math.min(MAX_HOLD, Math.max(1, Math.floor((life.remainingMs - 500) / 1000)));
    const options = { version, input: new JsonInput(input), wait, signal: life.signal };
    return this.replicate.predictions.create(options).then(readPrediction).catch(unwrap);
  }

  get(id: string, signal: AbortSignal): Promise<Prediction> {
    return this.replicate.predictions.get(id, { signal }).then(readPrediction).catch(unwrap);
  }

  /** Asks for a prediction's end. One that has ended already stays as it is. */
  cancel(id: string): Promise<Prediction> {
    return this.replicate.predictions.cancel(id).then(readPrediction).catch(unwrap);
  }

  /** The account's newest predictions, one page. */
  async listNewest(): Promise<ListedPrediction[]> {
    const { results } = await this.replicate.predictions.list().catch(unwrap);
    return results.flatMap((entry) => {
      try {
        return [{ prediction: readPrediction(entry), version: entry.version, input: entry.input }];
      } catch {
        // An entry that we cannot read is none that we look for.
        return [];
      }
    });
  }

  /** The OpenAPI schema of a model's version, null where Replicate has none. */
  async schemaOf(model: string, version: string, signal: AbortSignal): Promise<unknown> {
    const [owner = '', name = ''] = model.split('/');
    const answer: { openapi_schema?: unknown } = await this.replicate.models.versions
      .get(owner, name, version, { signal })
      .catch(unwrap);
    return answer.openapi_schema ?? null;
  }
}

/** The client wraps what the transport found in an error of its own; callers get the fault itself. */
function unwrap(error: unknown): never {
  const { response } = error as { response?: unknown };
  if (response instanceof FailedReply) throw response.fault;
  if (error instanceof UpstreamFault) throw error;
  throw new UpstreamFault('unreadable', { cause: error });
}

/**
 * A model's input. The client walks plain objects in search of files to upload, one promise a value; ours hold
 * nothing but JSON, and an instance of a class it leaves alone.
 */
class JsonInput {
  constructor(fields: object) {
    Object.assign(this, fields);
  }
}
