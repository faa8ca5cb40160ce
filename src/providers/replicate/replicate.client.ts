// Replicate's API in the few verbs that we use, through the official client over our own transport.
import type Replicate from 'replicate';
import type { ListedPrediction } from '../../inference/inference.js';
import { digestOf } from './input-digest.js';
import type { Life } from './life.js';
import type { CreateTarget } from './model-interfaces.store.js';
import { type Prediction, readPrediction, toReport } from './prediction.wire.js';
import type { ReplicateTransport } from './transport.js';
import { unwrap } from './unwrap.js';
import { recordIdIn } from './webhook-address.js';

/** Longest hold that Replicate offers, in seconds. */
const MAX_HOLD = 60;

/** When Replicate tells our webhook: it carries the prediction, and with it the id that we may have lost. */
const WEBHOOK_EVENTS: ('start' | 'completed')[] = ['start', 'completed'];

/** What to ask for. */
export interface Create {
  readonly target: CreateTarget;
  readonly input: object;
  /** Where Replicate is to report to. */
  readonly webhook: string | undefined;
  /** Whether to hold the line for the end; otherwise the answer comes as soon as the create is accepted. */
  readonly hold: boolean;
}

/** Replicate. All methods reject with an UpstreamFault. */
export class ReplicateClient {
  constructor(
    private readonly replicate: Replicate,
    private readonly transport: ReplicateTransport,
  ) {}

  /**
   * Starts a prediction and may hold the line for its end, 60 s at most and never past the life's deadline.
   * One call is one POST. A life that ends stops it only while nothing was sent.
   */
  create({ target, input, webhook, hold }: Create, life: Life): Promise<Prediction> {
    this.transport.cancelAfter(life.signal, life.remainingMs);
    const options = {
      input: new JsonInput(input),
      // Ends before the deadline does, so that its answer brings the id to cancel by.
      wait: hold && Math.min(MAX_HOLD, Math.max(1, Math.floor((life.remainingMs - 500) / 1000))),
      signal: life.signal,
      ...(webhook !== undefined && { webhook, webhook_events_filter: WEBHOOK_EVENTS }),
    };
    return this.post(target, options)
      .then(readPrediction)
      .then((created) => (hold ? created : { ...created, finished: created.terminal }))
      .catch(unwrap);
  }

  get(id: string, signal?: AbortSignal): Promise<Prediction> {
    return this.replicate.predictions
      .get(id, { ...(signal && { signal }) })
      .then(readPrediction)
      .catch(unwrap);
  }

  /** Asks for a prediction's end. One that has ended already stays as it is. */
  cancel(id: string): Promise<Prediction> {
    return this.replicate.predictions.cancel(id).then(readPrediction).catch(unwrap);
  }

  /** The account's newest predictions, so many pages of a hundred. */
  async listNewest(pages: number): Promise<ListedPrediction[]> {
    const found: ListedPrediction[] = [];
    let path: string | undefined = '/predictions';
    for (let page = 0; page < pages && path !== undefined; page++) {
      const answer: Response = await this.replicate.request(path, { method: 'GET' }).catch(unwrap);
      const { results, next } = ((await answer.json().catch(unwrap)) ?? {}) as {
        results?: unknown;
        next?: unknown;
      };
      if (!Array.isArray(results)) return unwrap(new Error('a list without results'));
      found.push(...results.flatMap(readListed));
      // Only the cursor is taken from the address: where Replicate is, we know better.
      const cursor = typeof next === 'string' ? URL.parse(next)?.searchParams.get('cursor') : undefined;
      path = cursor ? `/predictions?cursor=${encodeURIComponent(cursor)}` : undefined;
    }
    return found;
  }

  /** The key that Replicate signs its webhooks with, as `whsec_…`. */
  async webhookSecret(): Promise<string> {
    const { key } = await this.replicate.webhooks.default.secret.get().catch(unwrap);
    return key;
  }

  /** Puts a file where models of this account can read it, for a day. Gives its address. */
  async upload(bytes: Uint8Array, mediaType: string, signal: AbortSignal): Promise<string> {
    const form = new FormData();
    form.append('content', new Blob([bytes as Uint8Array<ArrayBuffer>], { type: mediaType }), 'image');
    const encoded = new Response(form);
    const { urls } = await this.transport
      .postBytes('files', new Uint8Array(await encoded.arrayBuffer()), {
        contentType: encoded.headers.get('content-type') ?? '',
        signal,
      })
      .then((answer) => answer as { urls?: { get?: unknown } });
    if (typeof urls?.get === 'string') return urls.get;
    return unwrap(new Error('a file without an address'));
  }

  private post(target: CreateTarget, options: CreateOptions): Promise<unknown> {
    const { predictions, deployments } = this.replicate;
    switch (target.kind) {
      case 'version':
        return predictions.create({ ...options, version: target.version });
      case 'official':
        return predictions.create({ ...options, model: `${target.owner}/${target.name}` });
      case 'deployment':
        return deployments.predictions.create(target.owner, target.name, options);
    }
  }
}

function readListed(entry: unknown): ListedPrediction[] {
  try {
    const { input, webhook } = entry as { input?: unknown; webhook?: unknown };
    const prediction = readPrediction(entry);
    const recordId = recordIdIn(webhook);
    const { createdAt } = prediction;
    return [{ report: toReport(prediction), inputDigest: digestOf(input), recordId, createdAt }];
  } catch {
    // An entry that we cannot read is none that we look for.
    return [];
  }
}

interface CreateOptions {
  readonly input: object;
  readonly wait: number | false;
  readonly signal: AbortSignal;
  readonly webhook?: string;
  readonly webhook_events_filter?: ('start' | 'completed')[];
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
