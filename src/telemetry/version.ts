// Which version this is.
import { readFileSync } from 'node:fs';

/** As in package.json, which lies two folders up both here and in `dist/`. */
export const VERSION = readVersion();

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}
