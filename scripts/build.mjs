// Builds dist/: Prisma's client, then `nest build`. With --if-stale it does nothing when dist/ already
// comes from these very sources, so that a start that needs no rebuild does not rebuild.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'dist', '.inputs');

/** Builds, unless `dist/` was made from the same inputs. Returns whether it built. */
export function buildIfStale() {
  const isFresh =
    existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint() && existsSync(generatedClient());
  if (!isFresh) build();
  return !isFresh;
}

function build() {
  // What is built is what stands here now: a file saved meanwhile must not look built.
  const inputs = fingerprint();
  rmSync(stamp, { force: true });
  // Prisma insists on a schema engine binary that `generate` never runs; any existing file will do.
  run('prisma', ['generate'], { PRISMA_SCHEMA_ENGINE_BINARY: join(root, 'package.json') });
  run('nest', ['build']);
  writeFileSync(stamp, inputs);
}

function generatedClient() {
  return join(root, 'src', 'database', 'client', 'client.ts');
}

function fingerprint() {
  const files = globSync(
    [
      'src/**/*.ts',
      'prisma/schema.prisma',
      'prisma.config.ts',
      'tsconfig*.json',
      'nest-cli.json',
      'package-lock.json',
    ],
    { cwd: root },
  )
    .filter((file) => !file.endsWith('.spec.ts') && !file.startsWith('src/database/client/'))
    .sort();
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(root, file)))
      .update('\0');
  return hash.digest('hex');
}

function run(tool, args, extraEnv = {}) {
  const binaries = join(root, 'node_modules', '.bin');
  const { status, stdout, stderr, error } = spawnSync(join(binaries, tool), args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...extraEnv, PATH: `${binaries}:${process.env.PATH}` },
  });
  if (status === 0) return;
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}${error ? `${error.message}\n` : ''}`);
  process.stderr.write(`Cerebro could not be built: '${tool} ${args.join(' ')}' failed.\n`);
  process.exit(1);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (process.argv.includes('--if-stale')) buildIfStale();
  else build();
}
