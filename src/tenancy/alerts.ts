// What a change of a tenant's alerts comes to. Pure, but for the new secret.
import { randomBytes } from 'node:crypto';
import { ApiError } from '../errors/api-error.js';

/** Percentages of a budget at which an alert is sent, where nobody says. */
const DEFAULT_THRESHOLDS = [50, 80, 100];

/** Alerts to change: undefined stays. */
export interface AlertChanges {
  /** Null: no alerts are sent. */
  readonly url?: string | null | undefined;
  /** Null: the usual ones. */
  readonly thresholds?: readonly number[] | null | undefined;
}

/** What is to be stored of alerts; undefined stays. */
export interface AlertPlan {
  readonly url: string | null | undefined;
  readonly thresholds: number[] | undefined;
  /** A new secret, null for none any more. */
  readonly secret: string | null | undefined;
}

/**
 * What is to be stored. A secret is made with the first address, and goes with the last.
 *
 * @param present the address as it is
 * @throws {ApiError} `invalid_value` for a new secret without an address
 */
export function planAlerts(present: string | null, changes: AlertChanges, rotate: boolean): AlertPlan {
  const url = changes.url === undefined ? present : changes.url;
  if (rotate && url === null) {
    throw new ApiError('invalid_value', {
      param: 'rotate_alert_secret',
      message: "Invalid value for 'rotate_alert_secret': no alerts are sent, since 'alerts.url' is not set.",
    });
  }
  const isNew = url !== null && (present === null || rotate);
  const isGone = url === null && present !== null;
  return {
    url: changes.url,
    thresholds: thresholds(changes.thresholds),
    secret: isNew ? newAlertSecret() : isGone ? null : undefined,
  };
}

/** 256 random bits in the form that Standard Webhooks has for secrets. */
function newAlertSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

function thresholds(given: AlertChanges['thresholds']): number[] | undefined {
  if (given === undefined) return undefined;
  return (given ?? DEFAULT_THRESHOLDS).toSorted((a, b) => a - b);
}
