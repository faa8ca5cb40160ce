// Runs promtool, Prometheus' own linter, as far as it is installed: Debian's package `prometheus`.
import { spawnSync } from 'node:child_process';

/** Whether promtool can be run. */
export const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

/** What promtool has against a text in Prometheus' format; empty where it is as it should be. */
export function lintMetrics(text: string): string {
  const { status, stdout, stderr, error } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  if (error) throw new Error('promtool has not run', { cause: error });
  return status === 0 ? '' : `${stdout}${stderr}` || `status ${status}`;
}
