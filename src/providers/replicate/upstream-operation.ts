// What a request to Replicate's API is for, in few words: for labels of metrics.

/** Paths below the API's base, without ids and names. */
const OPERATIONS: readonly [method: string, path: RegExp, operation: string][] = [
  ['POST', /\/predictions$/, 'create'],
  ['POST', /\/predictions\/[^/]+\/cancel$/, 'cancel'],
  ['GET', /\/predictions$/, 'list'],
  ['GET', /\/predictions\/[^/]+$/, 'get'],
  ['POST', /\/files$/, 'upload'],
  ['GET', /\/(?:models|deployments|hardware)(?:\/|$)/, 'model'],
  ['GET', /\/webhooks\//, 'webhook_secret'],
];

/** The operation of a request; `other` for one that none is known for. */
export function operationOf(method: string, path: string): string {
  const found = OPERATIONS.find(([verb, pattern]) => verb === method && pattern.test(path));
  return found?.[2] ?? 'other';
}
