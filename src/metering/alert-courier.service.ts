// One attempt to send one alert, and what it means. Whether and when there is another is decided elsewhere.
import { Injectable, Logger } from '@nestjs/common';
import { asEgressError } from '../egress/egress-error.js';
import { GuardedSender, type Receipt } from '../egress/guarded.sender.js';
import { alertSecretContext } from '../vault/contexts.js';
import { Vault } from '../vault/vault.service.js';
import { toAlertBody } from './budget-alert.mapper.js';
import type { ClaimedAlert } from './budget-alerts.repository.js';
import { retryAfterMs } from './alert-schedule.js';
import { signedHeaders } from './webhook-signature.js';

/**
 * What came of an attempt: it has arrived; it has not, and may be tried again; it never will, as nothing is to be
 * sent there any more (`gone`), or as there is nowhere to send it (`never`).
 */
export interface Verdict {
  readonly kind: 'delivered' | 'retry' | 'gone' | 'never';
  /** In a few words, for the tenant. Says of an address nothing that would make us a port scanner. */
  readonly outcome: string;
  readonly retryAfterMs?: number | undefined;
}

/** Sends alerts. */
@Injectable()
export class AlertCourier {
  private readonly logger = new Logger('BudgetAlerts');

  constructor(
    private readonly sender: GuardedSender,
    private readonly vault: Vault,
  ) {}

  /** Sends an alert once. Never rejects. */
  async send(alert: ClaimedAlert): Promise<Verdict> {
    const { id, tenantId, url, secret } = alert;
    if (url === null) return { kind: 'never', outcome: 'no address to send it to' };
    if (secret === null) return { kind: 'never', outcome: 'no secret to sign it with' };
    const body = toAlertBody(alert);
    let headers: Readonly<Record<string, string>>;
    try {
      const opened = this.vault.open(secret, alertSecretContext(tenantId));
      headers = signedHeaders(opened, { id, body, at: new Date() });
    } catch (error) {
      this.logger.error(`${id} cannot be signed: ${(error as Error).message}`);
      return { kind: 'retry', outcome: 'it could not be signed' };
    }
    try {
      return judge(await this.sender.post(url, body, { ...headers, ...FIXED }), Date.now());
    } catch (error) {
      // The log gets the reason and never the address, which may hold a secret of the tenant's.
      this.logger.debug(`${id} could not be sent: ${asEgressError(error, 'unreachable').reason}`);
      return { kind: 'retry', outcome: 'the address could not be reached' };
    }
  }
}

const FIXED = { 'content-type': 'application/json', 'user-agent': 'cerebro' };

function judge({ status, retryAfter }: Receipt, now: number): Verdict {
  const outcome = `status ${status}`;
  if (status >= 200 && status <= 299) return { kind: 'delivered', outcome };
  // Standard Webhooks: who answers so wants no more of them.
  if (status === 410) return { kind: 'gone', outcome };
  return { kind: 'retry', outcome, retryAfterMs: retryAfterMs(retryAfter, now) };
}
