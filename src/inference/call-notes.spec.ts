import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { CallNotes } from './call-notes.js';

describe('the time that a call waits for its provider', () => {
  it('counts waits at the same time once', async () => {
    const notes = new CallNotes();
    const startedAt = performance.now();
    await Promise.all([notes.waitFor(() => sleep(60)), notes.waitFor(() => sleep(60))]);
    const elapsed = performance.now() - startedAt;
    expect(notes.waitedMs).toBeGreaterThan(50);
    expect(notes.waitedMs).toBeLessThanOrEqual(elapsed);
  });

  it('adds up waits after one another, not the time between, and counts those that fail', async () => {
    const notes = new CallNotes();
    await notes.waitFor(() => sleep(30));
    const first = notes.waitedMs;
    await sleep(30);
    expect(notes.waitedMs).toBe(first);
    await notes.waitFor(() => sleep(30).then(() => Promise.reject(new Error('gone')))).catch(() => undefined);
    expect(notes.waitedMs).toBeGreaterThan(first + 20);
  });

  it('grows while somebody waits', async () => {
    const notes = new CallNotes();
    const { promise, resolve } = Promise.withResolvers<void>();
    const wait = notes.waitFor(() => promise);
    await sleep(20);
    expect(notes.waitedMs).toBeGreaterThan(10);
    resolve();
    await wait;
  });
});
