import type { FastifyRequest } from 'fastify';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Notifications } from '../database/notifications.service.js';
import { InFlight } from '../http/in-flight.js';
import type { CredentialsRepository } from './credentials.repository.js';
import { keyPrincipal } from './principal.fixture.js';
import { Revocations } from './revocations.service.js';

/** A node's watch over requests under these keys, which ends with the spec. */
function watch(keyIds: readonly string[], hears: boolean) {
  const requests = keyIds.map((keyId) => ({ principal: keyPrincipal({ keyId }) }) as FastifyRequest);
  const inFlight = new InFlight();
  const stopped: string[] = [];
  vi.spyOn(inFlight, 'requests').mockImplementation(() => requests);
  vi.spyOn(inFlight, 'stop').mockImplementation((matches, reason) => {
    const ended = requests.filter(matches);
    for (const request of ended) {
      stopped.push(`${(request.principal as { keyId: string }).keyId}: ${reason().reason}`);
      requests.splice(requests.indexOf(request), 1);
    }
  });
  const usable = new Set(keyIds);
  const usableAmong = vi.fn<CredentialsRepository['usableAmong']>((ids) =>
    Promise.resolve(new Set(ids.filter((id) => usable.has(id)))),
  );
  const notifications = { isListening: hears, on: () => () => undefined, onReset: () => () => undefined };
  revocations = new Revocations(
    { usableAmong } as unknown as CredentialsRepository,
    notifications as unknown as Notifications,
  );
  revocations.watch(inFlight);
  return { usable, usableAmong, stopped };
}

let revocations: Revocations | undefined;

describe('the watch over running requests', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => {
    revocations?.onModuleDestroy();
    vi.useRealTimers();
  });

  it('ends them within five seconds where nobody tells that their key has ended, by one statement a look', async () => {
    const { usable, usableAmong, stopped } = watch(['key_1', 'key_1', 'key_2'], true);
    await vi.advanceTimersByTimeAsync(4999);
    expect(usableAmong).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(usableAmong.mock.calls).toEqual([[['key_1', 'key_2']]]);
    usable.delete('key_1');
    await vi.advanceTimersByTimeAsync(5000);
    expect(stopped).toEqual(['key_1: key_revoked', 'key_1: key_revoked']);
  });

  it('ends them within a second where changes are never heard of', async () => {
    const { usable, stopped } = watch(['key_1'], false);
    usable.clear();
    await vi.advanceTimersByTimeAsync(1000);
    expect(stopped).toEqual(['key_1: key_revoked']);
  });

  it('costs nothing while nothing runs', async () => {
    const { usableAmong } = watch([], false);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(usableAmong).not.toHaveBeenCalled();
  });

  it('looks again in a second when the database could not tell', async () => {
    const { usable, usableAmong, stopped } = watch(['key_1'], true);
    usable.clear();
    usableAmong.mockRejectedValueOnce(new Error('down'));
    await vi.advanceTimersByTimeAsync(5000);
    expect(stopped).toEqual([]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(stopped).toEqual(['key_1: key_revoked']);
  });

  it('ends with the node', async () => {
    const { usableAmong } = watch(['key_1'], false);
    revocations?.onModuleDestroy();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(usableAmong).not.toHaveBeenCalled();
  });
});
