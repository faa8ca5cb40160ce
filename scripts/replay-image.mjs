// Carries out the Dockerfile's steps in an empty folder, without Docker, and tries the result as a container host would
// run it. Exits 1 when a check fails. --keep leaves the folder.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { carryOut } from './image/carry-out.mjs';
import { shortcomings } from './image/container.mjs';
import { parseDockerfile } from './image/dockerfile.mjs';
import { developmentPackages, packagesIn, packagesOf, problemOfBom, sizeOf } from './image/tree.mjs';
import { tryImage } from './image/trial.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const work = mkdtempSync(join(tmpdir(), 'cerebro-image-'));
let failures = 0;

try {
  // The image's user has to get through.
  chmodSync(work, 0o755);
  await replay();
} catch (error) {
  failures++;
  process.stderr.write(`FAILED: ${error.stack}\n`);
} finally {
  if (process.argv.includes('--keep')) process.stdout.write(`kept: ${work}\n`);
  else remove(work);
}
process.exit(failures === 0 ? 0 : 1);

async function replay() {
  for (const what of shortcomings) say(what);
  const { args, stages } = parseDockerfile(readFileSync(join(root, 'Dockerfile'), 'utf8'));
  const target = stages.at(-1).name;
  const nodeFolder = pinnedNode();
  const commandEnv = environmentOfCommands(nodeFolder);
  const buildArgs = { REVISION: 'replay', CREATED: new Date().toISOString() };
  const built = carryOut({ stages, args, target, source: root, work, commandEnv, buildArgs, say });
  for (const { name } of stages.filter((stage) => !built.has(stage.name)))
    say(`stage ${name}: not carried out`);
  const image = built.get(target);
  const tree = join(image.folder, image.workdir);
  check(
    'the image runs as a user other than root, by number',
    /^[1-9]\d*(:[1-9]\d*)?$/.test(image.user ?? ''),
  );
  await checkPackages(tree);
  for (const part of ['node_modules', 'dist', '.']) {
    report(
      `size of ${part === '.' ? 'all that is added to the base' : part}`,
      megabytes(sizeOf(join(tree, part))),
    );
  }
  makeReadOnly(image.folder);
  const tools = join(built.get('build').folder, built.get('build').workdir);
  await tryImage({ image, tools, work, nodeFolder, check, report });
}

async function checkPackages(tree) {
  const modules = join(tree, 'node_modules');
  const extra = developmentPackages(modules, join(root, 'package-lock.json'));
  check('no package for development is in it', extra.length === 0, extra.join(', '));
  const tools = ['typescript', 'vitest', 'prisma', 'sharp'].filter((name) => existsSync(join(modules, name)));
  check('neither compiler nor test runner is in it', tools.length === 0, tools.join(', '));
  const text = readFileSync(join(tree, 'sbom.cdx.json'), 'utf8');
  const problem = await problemOfBom(text, root);
  check('the bill of materials is valid CycloneDX', problem === undefined, problem);
  const installed = packagesIn(modules);
  const listed = packagesOf(JSON.parse(text));
  const odd = [...new Set(installed).symmetricDifference(new Set(listed))];
  check(`the bill of materials lists the ${installed.length} packages`, odd.length === 0, odd.join(', '));
}

/** The Node that package.json brings, in a folder that the image's user can read. */
function pinnedNode() {
  const folder = join(work, 'node', 'bin');
  mkdirSync(folder, { recursive: true });
  const source = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
  try {
    linkSync(source, join(folder, 'node'));
  } catch {
    // On another file system.
    copyFileSync(source, join(folder, 'node'));
  }
  return folder;
}

/** Nothing of this process's environment but the way to the registry. */
function environmentOfCommands(nodeFolder) {
  const path = (process.env.PATH ?? '').split(delimiter).filter((part) => basename(part) !== '.bin');
  const ask = (key) =>
    spawnSync('npm', ['config', 'get', key], { encoding: 'utf8', cwd: work }).stdout.trim();
  const kept = /^((https?|no)_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|npm_config_(registry|cafile))$/i;
  const home = join(work, 'home');
  mkdirSync(home);
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => kept.test(name))),
    PATH: [nodeFolder, ...path].join(delimiter),
    HOME: home,
    // This machine's own, so that a replay downloads nothing twice.
    npm_config_cache: ask('cache'),
    npm_config_registry: ask('registry'),
  };
}

function makeReadOnly(folder) {
  const chmod = spawnSync('chmod', ['-R', 'a-w,a+rX', folder], { encoding: 'utf8' });
  if (chmod.status !== 0) throw new Error(`chmod failed: ${chmod.stderr}`);
  if (process.getuid() === 0) check('the code belongs to root', lstatSync(folder).uid === 0);
}

function remove(folder) {
  spawnSync('chmod', ['-R', 'u+w', folder]);
  rmSync(folder, { recursive: true, force: true });
}

function check(title, holds, detail = '') {
  if (!holds) failures++;
  process.stdout.write(
    `${holds ? 'ok    ' : 'FAILED'} ${title}${holds || detail === '' ? '' : `: ${detail}`}\n`,
  );
}

function report(title, value) {
  process.stdout.write(`value  ${title}: ${value}\n`);
}

function say(text) {
  process.stdout.write(`note   ${text}\n`);
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB (${bytes} bytes)`;
}
