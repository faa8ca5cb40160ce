import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readEncryptionKeys } from '../config/encryption-keys.js';
import { alertSecretContext, upstreamTokenContext } from './contexts.js';
import { SealError, Vault } from './vault.service.js';

const HERE = upstreamTokenContext('ten_a');
const THERE = upstreamTokenContext('ten_b');
const SECRET = 'r8_a-secret-of-a-tenant';
const first = `1:${randomBytes(32).toString('base64')}`;
const second = `2:${randomBytes(32).toString('base64')}`;
const vaultOf = (...keys: string[]) => new Vault(readEncryptionKeys(keys.join(',')) ?? []);
const vault = vaultOf(first);

function problemOf(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(SealError);
    return error as Error;
  }
  throw new Error('it was opened');
}

describe('a vault', () => {
  it.each(['', SECRET, 'ünïcode 🔑', 'x'.repeat(100_000)])('opens what it has sealed (%#)', (plain) => {
    expect(vault.open(vault.seal(plain, HERE), HERE)).toBe(plain);
  });

  it('shows nothing of a text, and seals it another way each time', () => {
    const sealed = [vault.seal(SECRET, HERE), vault.seal(SECRET, HERE)];
    expect(sealed[0]).toMatch(/^v1\.[\w-]+$/);
    expect(sealed[0]).not.toBe(sealed[1]);
    for (const encoding of ['utf8', 'latin1', 'base64', 'base64url', 'hex'] as const)
      expect(sealed.join('')).not.toContain(Buffer.from(SECRET).toString(encoding));
  });

  it('opens nothing that was copied to another place', () => {
    for (const place of [THERE, alertSecretContext('ten_a')]) {
      expect(problemOf(() => vault.open(vault.seal(SECRET, place), HERE)).message).toContain(HERE);
    }
  });

  it('opens nothing with any byte changed, added or missing', () => {
    const sealed = vault.seal(SECRET, HERE);
    const bytes = Buffer.from(sealed.slice(3), 'base64url');
    const damaged = [...bytes.keys()].map((at) => {
      const copy = Buffer.from(bytes);
      copy[at] = (copy[at] ?? 0) ^ 1;
      return copy;
    });
    for (const copy of [...damaged, bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.of(0)])])
      problemOf(() => vault.open(`v1.${copy.toString('base64url')}`, HERE));
  });

  it.each(['', 'v1.', 'v1.AAAA', SECRET, 'v0.AAAA', 'v01.AAAA'])(
    'opens nothing that is not sealed: %s',
    (text) => {
      problemOf(() => vault.open(text, HERE));
    },
  );

  it('names the version that it lacks, and no secret', () => {
    const sealed = vaultOf(second).seal(SECRET, HERE);
    const problem = problemOf(() => vault.open(sealed, HERE));
    expect(problem.message).toContain('no version 2');
    expect(inspect(problem)).not.toContain(sealed.slice(3, 20));
  });

  it('does not open with another key of the same version', () => {
    const other = vaultOf(`1:${randomBytes(32).toString('base64')}`);
    problemOf(() => other.open(vault.seal(SECRET, HERE), HERE));
  });

  it('seals with the highest version, whatever its place, and opens with all', () => {
    const both = vaultOf(second, first);
    const old = vault.seal(SECRET, HERE);
    expect(both.seal(SECRET, HERE)).toMatch(/^v2\./);
    expect(both.open(old, HERE)).toBe(SECRET);
  });

  it('says that it lacks a key when it is to seal, and opens nothing', () => {
    const empty = vaultOf();
    expect(() => empty.seal(SECRET, HERE)).toThrow(
      expect.objectContaining({ reason: 'encryption_not_configured' }),
    );
    problemOf(() => empty.open(vault.seal(SECRET, HERE), HERE));
  });

  it('shows no key to whoever prints it', () => {
    const [, base64 = ''] = first.split(':');
    const printed = inspect(vault, { depth: 10, showHidden: true }) + JSON.stringify(vault);
    expect(printed).not.toContain(base64);
    expect(printed).not.toContain(Buffer.from(base64, 'base64').toString('hex').slice(0, 8));
    expect(printed).not.toContain(inspect(Buffer.from(base64, 'base64')).slice(8, 19));
  });
});
