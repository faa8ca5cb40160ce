import { expect, it, describe, vi } from 'vitest';
import type { App } from './app.js';
import type { LocalServices } from './local-services.js';
import type { JsonLogger } from './observability/json-logger.js';
import { close, type Running } from './shutdown.js';

const never = () => new Promise<void>(() => undefined);

/** What runs, with these ways to close it. */
function running({ app, services }: { app: () => Promise<void>; services: () => Promise<void> }) {
  const error = vi.fn();
  const given: Running = {
    logger: { error } as unknown as JsonLogger,
    stopping: true,
    exitCode: 0,
    app: { nest: { close: app } } as unknown as App,
    services: { stop: services } as unknown as LocalServices,
  };
  return { given, error };
}

describe('closing', () => {
  it('is in reverse order, and says nothing where all is closed', async () => {
    const order: string[] = [];
    const { given, error } = running({
      app: () => Promise.resolve().then(() => void order.push('app')),
      services: () => Promise.resolve().then(() => void order.push('services')),
    });
    expect(await close(given, 60_000)).toBe(true);
    expect(order).toEqual(['app', 'services']);
    expect(error).not.toHaveBeenCalled();
  });

  it('leaves what does not close in time, says so, and closes the rest', async () => {
    const services = vi.fn(() => Promise.resolve());
    const { given, error } = running({ app: never, services });
    expect(await close(given, 50)).toBe(false);
    expect(services).toHaveBeenCalledOnce();
    expect(error).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ msg: 'not closed in time', left: ['the application'] }),
    );
    const both = running({ app: never, services: never });
    expect(await close(both.given, -1)).toBe(false);
    expect(both.error).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ left: ['the application', 'the local services'] }),
    );
  });

  it('tells of an error', async () => {
    const { given } = running({ app: () => Promise.reject(new Error('broken')), services: never });
    await expect(close(given, 60_000)).rejects.toThrow('broken');
  });
});
