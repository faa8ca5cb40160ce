// Looks at the files of the image: sizes, whether something was written, packages, the bill of materials.
import { createRequire } from 'node:module';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes of the files under a folder. */
export function sizeOf(path) {
  const stat = lstatSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

/**
 * What stands under a folder, to compare: a line for each entry.
 *
 * @param {string} folder
 * @returns {Map<string, string>}
 */
export function inventory(folder) {
  const found = new Map();
  for (const entry of readdirSync(folder, { recursive: true })) {
    const { size, mtimeMs, mode, ino } = lstatSync(join(folder, entry));
    found.set(entry, `${ino} ${mode} ${size} ${mtimeMs}`);
  }
  return found;
}

/** Entries that two inventories differ in. */
export function differences(before, after) {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name));
}

/**
 * The packages in a `node_modules`, at any depth, as `name@version`, in order.
 *
 * @param {string} modules
 * @returns {string[]}
 */
export function packagesIn(modules) {
  if (!existsSync(modules)) return [];
  const folders = readdirSync(modules)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(modules, name)).map((part) => join(name, part)) : [name],
    )
    .map((name) => join(modules, name));
  return folders
    .flatMap((folder) => {
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      return [`${name}@${version}`, ...packagesIn(join(folder, 'node_modules'))];
    })
    .sort();
}

/** The packages that a CycloneDX document lists, as `name@version`, in order. */
export function packagesOf(bom) {
  const names = (components = []) =>
    components.flatMap(({ group, name, version, components: inner }) => [
      `${group ? `${group}/` : ''}${name}@${version}`,
      ...names(inner),
    ]);
  return names(bom.components).sort();
}

/**
 * What is wrong with a CycloneDX document, by the schema of its version; undefined for nothing.
 *
 * @param {string} text
 * @param {string} root folder whose packages hold the schema
 */
export async function problemOfBom(text, root) {
  const tool = join(root, 'node_modules', '@cyclonedx', 'cyclonedx-npm', 'package.json');
  const { Spec, Validation } = createRequire(tool)('@cyclonedx/cyclonedx-library');
  const { bomFormat, specVersion } = JSON.parse(text);
  if (bomFormat !== 'CycloneDX') return `bomFormat is ${bomFormat}`;
  if (!Object.values(Spec.Version).includes(specVersion)) return `specVersion is ${specVersion}`;
  const problem = await new Validation.JsonStrictValidator(specVersion).validate(text);
  return problem === null ? undefined : JSON.stringify(problem).slice(0, 500);
}

/** Packages that stand in a `node_modules` though the lock file has them for development only. */
export function developmentPackages(modules, lockFile) {
  const { packages } = JSON.parse(readFileSync(lockFile, 'utf8'));
  return Object.entries(packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && (dev || devOptional))
    .map(([path]) => path)
    .filter((path) => existsSync(join(modules, '..', path)));
}
