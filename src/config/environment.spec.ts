import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSettings } from './environment.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cerebro-environment-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, value: string) => {
  writeFileSync(join(folder, name), value);
  return join(folder, name);
};

/** Settings of a gateway with two secrets in files, and how they are read again. */
async function begin() {
  const env = {
    REPLICATE_API_TOKEN_FILE: write('token', 'first-token'),
    CEREBRO_ADMIN_KEY_FILE: write('admin', 'first-admin'),
  };
  const { externalSecrets } = await readSettings(env, 'gateway');
  return async () => {
    const reloaded = await externalSecrets?.reload();
    const { replicateToken, adminKey } = reloaded?.settings ?? {};
    return { token: replicateToken, admin: adminKey, problems: reloaded?.problems };
  };
}

describe('secrets that are read again', () => {
  it.each([
    ['cannot be read', '', 'REPLICATE_API_TOKEN_FILE names an empty file'],
    [
      'is wrong',
      'canary\ncanary',
      'REPLICATE_API_TOKEN must be a token such as r8_…, in ASCII and without spaces',
    ],
  ])('change beside one that %s, which stays as it was', async (_, token, problem) => {
    const reload = await begin();
    write('token', token);
    write('admin', 'second-admin');
    expect(await reload()).toEqual({ token: 'first-token', admin: 'second-admin', problems: [problem] });
    write('token', 'third-token');
    expect(await reload()).toEqual({ token: 'third-token', admin: 'second-admin', problems: [] });
    write('token', token);
    expect(await reload()).toMatchObject({ token: 'third-token', problems: [problem] });
  });
});
