// The house's floors, held by dependency-cruiser; and the holder itself, tried on planted violations.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { describe, expect, it } from 'vitest';
import config, { floors } from '../../.dependency-cruiser.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

async function violations(folder: string, baseDir: string): Promise<string[]> {
  const { output } = await cruise(
    [folder],
    { ...config.options, baseDir, ruleSet: { forbidden: config.forbidden }, validate: true },
    undefined,
    { tsConfig: extractTSConfig(`${root}/tsconfig.json`) },
  );
  return (output as ICruiseResult).summary.violations.map(
    ({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`,
  );
}

describe('the house', () => {
  it('has rooms that import only rooms on lower floors', async () => {
    expect(await violations('src', root)).toEqual([]);
  });

  it('has no room without a floor', () => {
    const rooms = readdirSync(`${root}/src`, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    const known = floors.flat().map((room: string) => room.split('/')[0]);
    expect(rooms.filter((room) => !known.includes(room))).toEqual([]);
  });

  it('would notice a room that imports one above it', async () => {
    const found = await violations('src', fileURLToPath(new URL('planted', import.meta.url)));
    expect(found).toEqual(['room-errors: src/errors/error.ts -> src/gateway/gateway.ts']);
  });
});
