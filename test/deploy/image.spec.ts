// The Dockerfile as it is written. What comes of it, `npm run image:replay` tries.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { contextFiles, ignoreRules } from '../../scripts/image/build-context.mjs';
import {
  expand,
  healthCommand,
  type Instruction,
  parseDockerfile,
  type Stage,
} from '../../scripts/image/dockerfile.mjs';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const { version, devDependencies } = JSON.parse(read('package.json')) as {
  version: string;
  devDependencies: Record<string, string>;
};
const { args, stages } = parseDockerfile(read('Dockerfile'));

/** A stage's instructions, after those of the stages that it begins with. */
function layered(name: string): Instruction[] {
  const stage = stageNamed(name);
  return stage ? [...layered(stage.base), ...stage.instructions] : [];
}

function stageNamed(name: string): Stage | undefined {
  return stages.find((stage) => stage.name === name);
}

function last(keyword: string, instructions = image): Instruction {
  const found = instructions.findLast((instruction) => instruction.keyword === keyword);
  if (!found) throw new Error(`no ${keyword}`);
  return found;
}

const image = layered(stages.at(-1)?.name ?? '');
const everything = stages.flatMap(({ instructions }) => instructions);

describe('the Dockerfile', () => {
  it('knows only instructions that the replay carries out', () => {
    expect(() => parseDockerfile('FROM a\nADD b c\n')).toThrow(
      'Dockerfile:2: ADD is not known to the replay',
    );
    expect(() => parseDockerfile('FROM a\nRUN --mount=type=cache,target=/b c\n')).toThrow('is not known');
    expect(() => parseDockerfile('FROM a\nCMD node main.js\n')).toThrow('must be a list');
    expect(stages.length).toBeGreaterThan(1);
  });

  it('builds on images of exact releases', () => {
    const foreign = stages.map(({ base }) => base).filter((base) => stageNamed(base) === undefined);
    expect(foreign.length).toBeGreaterThan(0);
    for (const base of foreign) expect(base).toMatch(/^[\w./-]+:\d+\.\d+\.\d+(-slim)?$/);
  });

  it('has the Node that package.json brings, of the major version that the README names', () => {
    expect(args.NODE_IMAGE).toBe(`node:${devDependencies.node ?? ''}-slim`);
    expect(read('README.md')).toContain(`the Node ${devDependencies.node?.split('.')[0] ?? ''} `);
  });

  it('makes the plain image by default, and the one for Lambda by its name', () => {
    expect(stages.at(-1)).toMatchObject({ base: 'runtime', instructions: [] });
    const lambda = stageNamed('lambda');
    expect(lambda?.base).toBe('runtime');
    expect(lambda?.instructions.map(({ keyword, words }) => [keyword, words.at(-1)])[0]).toEqual([
      'COPY',
      '/opt/extensions/lambda-adapter',
    ]);
    expect(Object.fromEntries(last('ENV', lambda?.instructions).pairs)).toMatchObject({
      AWS_LWA_PORT: Object.fromEntries(last('ENV').pairs).PORT,
    });
  });

  it('runs as a user other than root, by number', () => {
    expect(last('USER').text).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });

  it('starts Node itself, in production', () => {
    expect(last('CMD').exec).toEqual(['node', 'scripts/run.mjs', 'main']);
    expect(image.some(({ keyword }) => keyword === 'ENTRYPOINT')).toBe(false);
    expect(Object.fromEntries(last('ENV').pairs)).toEqual({ NODE_ENV: 'production', PORT: '3000' });
    expect(last('EXPOSE').text).toBe('3000');
  });

  it('asks for its health at the port that is set', () => {
    const [program, flag, script] = healthCommand(last('HEALTHCHECK'));
    expect([program, flag]).toEqual(['node', '-e']);
    expect(script).toContain('http://127.0.0.1:${process.env.PORT}/healthz');
  });

  it('has labels of the version, the commit and the time', () => {
    const built = { VERSION: version, REVISION: 'abc', CREATED: '2026-01-31T00:00:00Z' };
    const labels = Object.fromEntries(
      last('LABEL').pairs.map(([name, value]) => [
        name.replace('org.opencontainers.image.', ''),
        expand(value ?? '', built),
      ]),
    );
    expect(labels).toMatchObject({
      title: 'Cerebro',
      licenses: 'MIT',
      version,
      revision: 'abc',
      created: '2026-01-31T00:00:00Z',
    });
    const declared = image.filter(({ keyword }) => keyword === 'ARG').flatMap(({ pairs }) => pairs);
    expect(Object.fromEntries(declared)).toMatchObject({ VERSION: version });
  });

  it('holds no secret, neither in arguments nor in the environment', () => {
    const named = everything
      .filter(({ keyword }) => ['ARG', 'ENV'].includes(keyword))
      .flatMap(({ pairs }) => pairs);
    expect(named.length).toBeGreaterThan(0);
    for (const [name] of named) expect(name).not.toMatch(/token|key|pepper|secret|password|database_url/i);
  });

  it('needs no BuildKit, which `sam build` does not use', () => {
    const flags = everything.filter(({ keyword }) => keyword !== 'HEALTHCHECK').flatMap(({ flags }) => flags);
    expect(flags.filter(([name]) => name !== 'from')).toEqual([]);
  });

  it('installs from the lock file alone, and for the image without development packages', () => {
    const installs = everything.filter(({ keyword, text }) => keyword === 'RUN' && /^npm (?!run)/.test(text));
    expect(installs.map(({ text }) => text)).toEqual(['npm ci --omit=dev --omit=optional', 'npm ci']);
    const modules = image.find(({ words }) => words.at(-1) === './node_modules');
    expect(modules?.flags).toEqual([['from', 'dependencies']]);
  });
});

describe('.dockerignore', () => {
  const isIgnored = ignoreRules(read('.dockerignore'));

  it.each([
    '.env',
    '.env.production',
    'src/.env',
    '.git/config',
    '.cerebro/secrets.json',
    'node_modules/fastify/package.json',
    'dist/main.js',
    'src/database/client/client.ts',
    'src/auth/key.spec.ts',
    'src/auth/principal.fixture.ts',
    'test/e2e/chat.spec.ts',
    'docs/keys.md',
    'deploy/compose/secrets/admin_key',
    'secrets.txt',
    'Dockerfile',
  ])('keeps %s out', (path) => {
    expect(isIgnored(path)).toBe(true);
  });

  it.each([
    'package.json',
    'package-lock.json',
    '.npmrc',
    'LICENSE',
    'prisma/schema.prisma',
    'scripts/run.mjs',
    'src/main.ts',
    'src/auth/key.ts',
  ])('lets %s in', (path) => {
    expect(isIgnored(path)).toBe(false);
  });

  it('has the last pattern that matches decide, and folders for what is in them', () => {
    const rules = ignoreRules('# comment\n*\n!a\na/b\n!a/b/*.md\n**/x?.js\n');
    const paths = ['z', 'a', 'a/c', 'a/b', 'a/b/c', 'a/b/c.md', 'a/x1.js', 'a/x12.js', 'a/d/e/x1.js'];
    expect(paths.filter(rules)).toEqual(['z', 'a/b', 'a/b/c', 'a/x1.js', 'a/d/e/x1.js']);
  });

  it('leaves everything that the Dockerfile copies, and nothing that it does not', () => {
    const sources = everything
      .filter(({ keyword, flags }) => keyword === 'COPY' && flags.length === 0)
      .flatMap(({ words }) => words.slice(0, -1));
    const files = contextFiles(new URL('.', root).pathname);
    const isUnder = (file: string, source: string): boolean =>
      file === source || file.startsWith(`${source}/`);
    for (const source of sources)
      expect(
        files.some((file) => isUnder(file, source)),
        source,
      ).toBe(true);
    expect(files.filter((file) => !sources.some((source) => isUnder(file, source)))).toEqual([]);
  });
});
