import { describe, expect, it } from 'vitest';
import { SettingsError } from './config/settings.js';
import { oneLine } from './start-failure.js';

describe('a start that failed', () => {
  it('is told in one line where somebody has foreseen it', () => {
    expect(oneLine(SettingsError.of(['PORT must be 1']))).toBe('Cerebro cannot start: PORT must be 1.');
    const inUse = Object.assign(new Error('listen'), { code: 'EADDRINUSE', syscall: 'listen', port: 3000 });
    expect(oneLine(inUse)).toBe(
      'Cerebro cannot start: port 3000 is in use; set PORT to another one, or to 0 for any.',
    );
  });

  it('is told with its stack where nobody has, and never with a secret (E19, I1)', () => {
    const words = oneLine(
      new TypeError('Invalid URL postgresql://cerebro:hunter2@db/x for r8_0123456789abcdef'),
    );
    expect(words).toContain('TypeError: Invalid URL postgresql://[redacted]@db/x for [redacted]');
    expect(words).toContain('start-failure.spec');
    expect(oneLine('thrown postgresql://cerebro:hunter2@db')).not.toContain('hunter2');
  });
});
