// Reads what Replicate sends to our webhooks: only what it has signed.
import { ApiError } from '../../errors/api-error.js';
import type { PredictionReport } from '../../inference/prediction-record.js';
import { readPrediction, toReport } from './prediction.wire.js';
import type { ReplicateClient } from './replicate.client.js';
import { isSigned, type SignedWebhook } from './webhook-signature.js';

/** How long a key is used before Replicate is asked for it again, in milliseconds. */
const SECRET_LIFE = 3_600_000;

/** After a bad signature the key may have been changed; it is asked for again, but not more often than this. */
const RELOAD_PAUSE = 30_000;

/** Replicate's webhooks. */
export class ReplicateWebhooks {
  private secret: Promise<string> | undefined;
  private loadedAt = -Infinity;

  /** @param publicUrl where Replicate reaches us; without it there are no webhooks */
  constructor(
    private readonly client: Pick<ReplicateClient, 'webhookSecret'>,
    readonly publicUrl: string | undefined,
  ) {}

  /**
   * The report in a webhook.
   *
   * @throws {ApiError} `webhook_refused` unless Replicate signed it within five minutes; `invalid_json` for what
   *   is signed but no prediction; `upstream_unavailable` while the key cannot be had
   */
  async read(webhook: SignedWebhook, body: unknown): Promise<PredictionReport> {
    if (!(await this.isGenuine(webhook))) throw new ApiError('webhook_refused');
    try {
      return toReport(readPrediction(body));
    } catch (cause) {
      throw new ApiError('invalid_json', { cause, message: 'This is no prediction.' });
    }
  }

  private async isGenuine(webhook: SignedWebhook): Promise<boolean> {
    if (isSigned(webhook, await this.key(SECRET_LIFE), Date.now())) return true;
    const age = performance.now() - this.loadedAt;
    return age > RELOAD_PAUSE && isSigned(webhook, await this.key(RELOAD_PAUSE), Date.now());
  }

  private key(maxAge: number): Promise<string> {
    if (!this.secret || performance.now() - this.loadedAt > maxAge) {
      this.loadedAt = performance.now();
      this.secret = this.client.webhookSecret();
      this.secret.catch(() => (this.secret = undefined));
    }
    return this.secret.catch((cause: unknown) => {
      throw new ApiError('upstream_unavailable', { cause, retryAfterMs: 1000 });
    });
  }
}
