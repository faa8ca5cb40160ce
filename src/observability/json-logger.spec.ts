import { describe, expect, it } from 'vitest';
import { JsonLogger } from './json-logger.js';

/** What a logger writes, line by line. */
function logged(
  act: (logger: JsonLogger) => void,
  level: 'info' | 'debug' = 'info',
): Record<string, unknown>[] {
  let text = '';
  act(new JsonLogger(level, { write: (line) => (text += line) }));
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the log', () => {
  it('is one line of JSON a message, whatever a text holds (I4)', () => {
    const hostile = 'a\nb\r\n{"level":60}\u001b[2Jc\u2028d\0';
    const lines = logged((logger) => {
      logger.warn(hostile, 'Somewhere');
      logger.error({ cause: hostile });
      logger.log('x'.repeat(1_000_000));
    });
    expect(lines).toMatchObject([
      { level: 'warn', context: 'Somewhere', msg: hostile.replace('\0', '\uFFFD') },
      { level: 'error', cause: hostile.replace('\0', '\uFFFD') },
      { level: 'info', msg: `${'x'.repeat(8192)}…` },
    ]);
  });

  it('tells no secret, in messages, fields, errors and stacks (I1)', () => {
    const url = 'postgresql://cerebro:hunter2@db.internal/cerebro';
    const lines = logged((logger) => {
      logger.warn(`cannot reach ${url}`);
      logger.error(new Error(`cannot reach ${url}`, { cause: new Error(url) }));
      logger.error({ requestId: 'req_1', cause: new Error(url) });
      logger.error('told by Nest', `Error: ${url}\n at x`, 'Context');
      logger.fatal({ msg: 'uncaught', err: new Error(url) });
    });
    expect(lines).toHaveLength(5);
    expect(JSON.stringify(lines)).not.toContain('hunter2');
    expect(lines[1]).toMatchObject({ err: { type: 'Error', cause: { type: 'Error' } } });
    expect(lines[4]).toMatchObject({
      level: 'fatal',
      msg: 'uncaught',
      err: { message: 'postgresql://[redacted]@db.internal/cerebro' },
    });
  });

  it("has Nest's own news for its developers alone", () => {
    const act = (logger: JsonLogger): void => logger.log('mapped a route', 'RouterExplorer');
    expect(logged(act)).toEqual([]);
    expect(logged(act, 'debug')).toMatchObject([{ level: 'debug', msg: 'mapped a route' }]);
  });
});
