// The files that a build is handed: the folder without what .dockerignore leaves out.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes the rules of a .dockerignore: whether a path, relative to the folder and with `/`, is left out. The last pattern
 * that matches the path or a folder above it decides.
 *
 * @see https://docs.docker.com/build/concepts/context/#dockerignore-files
 * @param {string} text
 * @returns {(path: string) => boolean}
 */
export function ignoreRules(text) {
  const rules = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const keeps = line.startsWith('!');
      return { keeps, pattern: patternOf(line.slice(keeps ? 1 : 0).replace(/^\/|\/$/g, '')) };
    });
  return (path) => {
    const parts = path.split('/');
    const prefixes = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
    const last = rules.findLast(({ pattern }) => prefixes.some((prefix) => pattern.test(prefix)));
    return last !== undefined && !last.keeps;
  };
}

/**
 * The files of a build context, relative to the folder and with `/`, in order.
 *
 * @param {string} folder
 * @returns {string[]}
 */
export function contextFiles(folder) {
  const file = join(folder, '.dockerignore');
  const isIgnored = ignoreRules(existsSync(file) ? readFileSync(file, 'utf8') : '');
  // Neither can be named by an exception, and both are large.
  const skipped = new Set(['.git', 'node_modules']);
  const walk = (prefix) =>
    readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
      const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
      if (entry.isDirectory()) return skipped.has(path) ? [] : walk(path);
      return isIgnored(path) ? [] : [path];
    });
  return walk('').sort();
}

/** Go's filepath.Match with `**`, as Docker has it. */
function patternOf(pattern) {
  const source = pattern
    .split(/(\*\*\/|\*\*|\*|\?)/)
    .map((part) => wildcards[part] ?? part.replace(/[.+^${}()|[\]\\]/g, '\\$&'))
    .join('');
  return new RegExp(`^${source}$`);
}

const wildcards = { '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*', '?': '[^/]' };
