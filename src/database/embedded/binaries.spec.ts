import { access, constants } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { loadBinaries } from './binaries.js';
import { EmbeddedPostgresMissingError } from './errors.js';

describe('loadBinaries', () => {
  it('finds programs that can be run', async () => {
    const { initdb, postgres } = await loadBinaries();
    await access(initdb, constants.X_OK);
    await access(postgres, constants.X_OK);
  });

  it.each([['sunos-x64'], [process.platform === 'darwin' ? 'linux-x64' : 'darwin-arm64']])(
    'asks for DATABASE_URL where there are none (%s)',
    async (platform) => {
      const error = await loadBinaries(platform).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(EmbeddedPostgresMissingError);
      expect(String(error)).toContain('set DATABASE_URL');
    },
  );
});
