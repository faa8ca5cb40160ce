// Runs squawk, the linter of migrations, as far as it is installed: `npm install -g squawk-cli@2.66.0`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const configuration = fileURLToPath(new URL('../../.squawk.toml', import.meta.url));

/** Whether squawk can be run. */
export const hasSquawk = spawnSync('squawk', ['--version']).status === 0;

/** The rules that a script breaks, each once, in alphabetical order, as .squawk.toml has them. */
export function brokenRules(sql: string): string[] {
  const args = ['--config', configuration, '--reporter', 'json', '--stdin-filepath', 'migration.sql'];
  const { stdout, stderr, error } = spawnSync('squawk', args, { input: sql, encoding: 'utf8' });
  if (error || !stdout.startsWith('['))
    throw new Error(`squawk has not run: ${stderr || stdout}`, { cause: error });
  const problems = JSON.parse(stdout) as { rule_name: string }[];
  return [...new Set(problems.map(({ rule_name: rule }) => rule))].sort();
}
