// Reads what Replicate sends to our webhooks: only what it has signed.
import { ApiError } from '../../errors/api-error.js';
import type { PredictionReport } from '../../inference/prediction-record.js';
import { readPrediction, toReport } from './prediction.wire.js';
import type { ReplicateClient } from './replicate.client.js';
import { recordIdIn } from './webhook-address.js';
import { isSigned, isTimely, type SignedWebhook } from './webhook-signature.js';

/** How long a key is used before Replicate is asked for it again, in milliseconds. */
const KEY_LIFE = 3_600_000;

/** Replicate is not asked for its key more often than this, in milliseconds, whatever is sent to us. */
const KEY_PAUSE = 10_000;

/** Replicate's webhooks. */
export class ReplicateWebhooks {
  private key: string | undefined;
  private askedAt = -Infinity;
  private asking: Promise<void> | undefined;

  /** @param publicUrl where Replicate reaches us; without it there are no webhooks */
  constructor(
    private readonly client: Pick<ReplicateClient, 'webhookSecret'>,
    readonly publicUrl: string | undefined,
  ) {}

  /**
   * The report in a webhook that came for a record.
   *
   * @throws {ApiError} `webhook_refused` unless Replicate signed it within five minutes, and for this record;
   *   `invalid_json` for what is signed but no prediction; `upstream_unavailable` while the key cannot be had
   */
  async read(webhook: SignedWebhook, body: unknown, recordId: string): Promise<PredictionReport> {
    if (!(await this.isGenuine(webhook))) throw new ApiError('webhook_refused');
    // The address is no part of what is signed; the prediction says which one it was told.
    const told = recordIdIn((body as { webhook?: unknown } | null)?.webhook);
    if (told !== undefined && told !== recordId) throw new ApiError('webhook_refused');
    try {
      return toReport(readPrediction(body));
    } catch (cause) {
      throw new ApiError('invalid_json', { cause, message: 'This is no prediction.' });
    }
  }

  private async isGenuine(webhook: SignedWebhook): Promise<boolean> {
    if (!isTimely(webhook, Date.now())) return false;
    if (this.key === undefined || this.age > KEY_LIFE) await this.askForKey();
    if (this.key === undefined) throw new ApiError('upstream_unavailable', { retryAfterMs: KEY_PAUSE });
    if (isSigned(webhook, this.key, Date.now())) return true;
    // The key may have been changed.
    const before = this.key;
    await this.askForKey();
    return this.key !== before && isSigned(webhook, this.key, Date.now());
  }

  private get age(): number {
    return performance.now() - this.askedAt;
  }

  /** Asks for the key, unless that was just done. The last good one stays until there is another. */
  private askForKey(): Promise<void> {
    if (!this.asking && this.age > KEY_PAUSE) {
      this.askedAt = performance.now();
      this.asking = this.client
        .webhookSecret()
        .then((key) => void (this.key = key))
        .catch(() => undefined)
        .finally(() => (this.asking = undefined));
    }
    return this.asking ?? Promise.resolve();
  }
}
