// Delivers budget alerts, at least once each. Every node runs one; each attempt is one node's.
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Telemetry } from '../telemetry/telemetry.js';
import { AlertCourier } from './alert-courier.service.js';
import { pauseAfter } from './alert-schedule.js';
import { BudgetAlertsRepository, type ClaimedAlert } from './budget-alerts.repository.js';

/** Between two looks for alerts that are due, in milliseconds. */
const INTERVAL = 2000;

/** Attempts of this node at the same time, each to another tenant: a dead endpoint takes one place, not all. */
const PLACES = 16;

/** How long an attempt is this node's, in milliseconds: longer than one may take. */
const LEASE = 60_000;

/** How long a shutdown waits for attempts, in milliseconds; what it leaves is due again when its lease ends. */
const SHUTDOWN_LIMIT = 1000;

/** The deliverer. No transaction and no connection is held while it sends. */
@Injectable()
export class AlertDeliverer implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('BudgetAlerts');
  /** Attempts that run, by tenant. */
  private readonly running = new Map<string, Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  private isStopping = false;

  constructor(
    private readonly alerts: BudgetAlertsRepository,
    private readonly courier: AlertCourier,
    private readonly telemetry: Telemetry,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.look(), INTERVAL).unref();
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.timer);
    await Promise.race([this.settled(), sleep(SHUTDOWN_LIMIT, undefined, { ref: false })]);
  }

  /** Takes what is due, as far as there are places, and begins to send it. Never rejects. */
  look(): Promise<void> {
    this.looking ??= this.take()
      .catch((error: unknown) => this.logger.debug(`no look: ${(error as Error).message}`))
      .finally(() => (this.looking = undefined));
    return this.looking;
  }

  /** Waits until nothing is being sent. */
  async settled(): Promise<void> {
    // The end of an attempt begins the next look.
    while (this.looking || this.running.size > 0) {
      await this.looking;
      await Promise.all(this.running.values());
    }
  }

  private async take(): Promise<void> {
    const places = PLACES - this.running.size;
    if (places <= 0 || this.isStopping) return;
    for (const alert of await this.alerts.claim(places, [...this.running.keys()], LEASE)) {
      const attempt = this.deliver(alert).finally(() => {
        this.running.delete(alert.tenantId);
        // The tenant's next one, if there is one, need not wait for the next look.
        if (!this.isStopping) void this.look();
      });
      this.running.set(alert.tenantId, attempt);
    }
  }

  private async deliver(alert: ClaimedAlert): Promise<void> {
    const verdict = await this.courier.send(alert);
    const result = verdict.kind === 'delivered' ? 'delivered' : 'failed';
    this.telemetry.metrics.budgetAlerts.inc({ result });
    try {
      await this.note(alert, verdict);
    } catch (error) {
      this.logger.warn(`what came of ${alert.id} could not be noted: ${(error as Error).message}`);
    }
  }

  private async note(alert: ClaimedAlert, verdict: Awaited<ReturnType<AlertCourier['send']>>): Promise<void> {
    const { kind, outcome, retryAfterMs } = verdict;
    if (kind === 'delivered') return this.alerts.delivered(alert, outcome);
    if (kind === 'gone') {
      this.logger.warn(`${alert.tenantId} takes no more alerts: its endpoint answered ${outcome}`);
      return this.alerts.gone(alert, outcome);
    }
    const again = { retryAfterMs, random: Math.random() };
    const pauseMs = kind === 'retry' ? pauseAfter(alert.attempts, alert.ageMs, again) : undefined;
    if (pauseMs === undefined) this.logger.warn(`${alert.id} is given up: ${outcome}`);
    return this.alerts.failed(alert, outcome, pauseMs);
  }
}
