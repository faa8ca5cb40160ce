// Where Replicate reports to: the address names the record, so that a report finds it before its id is known.

import { isId } from '../../contracts/identifier.js';

/** Below the public address of the gateway. */
export const WEBHOOK_PATH = '/webhooks/replicate';

/** The address for the reports about one record. */
export function webhookAddress(publicUrl: string, recordId: string): string {
  return `${publicUrl}${WEBHOOK_PATH}/${recordId}`;
}

/** The record that a webhook's address names; undefined for an address that is none of ours. */
export function recordIdIn(address: unknown): string | undefined {
  if (typeof address !== 'string') return undefined;
  const [, id] = /\/webhooks\/replicate\/([^/?#]+)$/.exec(address) ?? [];
  return id !== undefined && isId('prd_', id) ? id : undefined;
}
