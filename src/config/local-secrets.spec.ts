import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEncryptionKeys } from './encryption-keys.js';
import { localSecrets } from './local-secrets.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cerebro-secrets-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = () => join(folder, 'secrets.json');
const stored = () => JSON.parse(readFileSync(file(), 'utf8')) as Record<string, unknown>;
const earlier = {
  keyPepper: 'a pepper',
  adminKey: 'an admin key',
  databasePassword: 'a password',
  demo: { tenantId: 'ten_a', key: 'cbr_live_a' },
};

describe('local secrets', () => {
  it('are made once and kept for their owner alone', () => {
    const secrets = localSecrets(folder);
    expect(localSecrets(folder)).toEqual(secrets);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(readEncryptionKeys(secrets.encryptionKeys)).toHaveLength(1);
  });

  it('of an earlier start get an encryption key and keep everything else', () => {
    writeFileSync(file(), JSON.stringify(earlier), { mode: 0o600 });
    const secrets = localSecrets(folder);
    expect(secrets).toMatchObject(earlier);
    expect(readEncryptionKeys(secrets.encryptionKeys)).toHaveLength(1);
    expect(stored()).toEqual(secrets);
    expect(localSecrets(folder)).toEqual(secrets);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  it('get the same key from two starts at once, and another one in another folder', () => {
    const keyOf = (secrets: object) => {
      writeFileSync(file(), JSON.stringify(secrets));
      return localSecrets(folder).encryptionKeys;
    };
    expect(keyOf(earlier)).toBe(keyOf(earlier));
    expect(keyOf(earlier)).not.toBe(keyOf({ ...earlier, keyPepper: 'another pepper' }));
  });

  it.each([
    ['no JSON', '{'],
    ['a missing secret', '{"keyPepper":"a"}'],
    ['a damaged key', JSON.stringify({ ...earlier, encryptionKeys: '1:short' })],
  ])('are called damaged with %s', (_, text) => {
    writeFileSync(file(), text);
    expect(() => localSecrets(folder)).toThrow(/is damaged/);
  });
});
