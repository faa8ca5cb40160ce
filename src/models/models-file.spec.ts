import { NestFactory } from '@nestjs/core';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SettingsModule } from '../config/config.module.js';
import { parseSettings, SettingsError } from '../config/settings.js';
import { DEFAULT_MODEL, ModelCatalogue } from './catalogue.service.js';
import { HARDWARE_PRICES } from './hardware-prices.js';
import { parseModelsFile } from './models-file.js';
import { loadModelsFile } from './models-file.loader.js';
import { ModelsModule } from './models.module.js';
import { nanoDollars } from './nano-dollars.js';

const version = '80537f9eead1a5bfa72d5ac6ea6414379be41d4d4f6679fd776e9535d1eb58bb';
const parse = (file: unknown) => parseModelsFile(JSON.stringify(file), 'default');

/** What the person who starts Cerebro would read. */
function problemOf(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError);
    const { message } = error as Error;
    expect(message).not.toMatch(/[\r\n\u2028]/);
    return message;
  }
  throw new Error('the file was accepted');
}

/** The problem with one alias that would be good but for this. */
const problemWith = (changes: object) =>
  problemOf(() => parse({ models: { vision: { model: 'a/b', ...changes } } }));

describe('the models file', () => {
  it('says everything of an alias', () => {
    const { aliases } = parse({
      models: {
        'claims-vision': {
          model: 'yorickvp/llava-13b',
          version,
          price: { usd_per_second: '0.000975' },
          timeout: '20m',
          defaults: {
            max_tokens: 500,
            temperature: 0.2,
            top_p: 0.9,
            top_k: 40,
            seed: 1,
            do_sample: true,
            stop: ['\n\n'],
          },
          input: { task: 'visual_question_answering', nested: { any: [1, null] } },
        },
      },
    });
    expect([...aliases]).toEqual([
      [
        'claims-vision',
        {
          upstream: 'yorickvp/llava-13b',
          version,
          price: { nanosPerSecond: 975_000 },
          timeoutMs: 1_200_000,
          defaults: {
            maxTokens: 500,
            temperature: 0.2,
            topP: 0.9,
            topK: 40,
            seed: 1,
            doSample: true,
            stop: ['\n\n'],
          },
          input: { task: 'visual_question_answering', nested: { any: [1, null] } },
        },
      ],
    ]);
  });

  it('prices by the second, by the hardware and by the token', () => {
    const { prices } = parse({
      prices: {
        'a/second': { usd_per_second: 0.00115 },
        'a/hardware': { hardware: 'gpu-a40-large-2x' },
        'a/cheaper': { hardware: 'gpu-l40s' },
        'a/own': { hardware: 'gpu-b200' },
        'deployments/a/tokens': {
          usd_per_million_input_tokens: '0.05',
          usd_per_million_output_tokens: 0.25,
        },
      },
      hardware: { 'gpu-l40s': '0.000800', 'gpu-b200': '0.0025' },
    });
    expect(Object.fromEntries(prices)).toEqual({
      'a/second': { nanosPerSecond: 1_150_000 },
      'a/hardware': { nanosPerSecond: 1_450_000 },
      'a/cheaper': { nanosPerSecond: 800_000 },
      'a/own': { nanosPerSecond: 2_500_000 },
      'deployments/a/tokens': {
        nanosPerMillionPromptTokens: 50_000_000,
        nanosPerMillionCompletionTokens: 250_000_000,
      },
    });
  });

  it('puts its prices of hardware over the list', () => {
    const { hardware } = parse({ hardware: { 'gpu-t4': '0.0001', 'gpu-own': 1 } });
    expect(['gpu-t4', 'gpu-own', 'cpu'].map((sku) => hardware.get(sku))).toEqual([100_000, 1e9, 100_000]);
    expect(parse({}).hardware.get('gpu-t4')).toBe(225_000);
  });

  it('may be empty, and may begin with a byte order mark', () => {
    expect(parse({}).aliases.size).toBe(0);
    expect(parseModelsFile('\ufeff{}', 'default').prices.size).toBe(0);
  });

  it('lets only the default model go without a model', () => {
    expect(parse({ models: { default: { timeout: 90 } } }).aliases.get('default')).toEqual({
      timeoutMs: 90_000,
    });
    expect(problemOf(() => parse({ models: { other: { timeout: 90 } } }))).toContain(
      'models.other.model is missing',
    );
    expect(problemOf(() => parse({ models: { default: { version } } }))).toContain(
      'models.default.version needs a model beside it; or set REPLICATE_MODEL_VERSION',
    );
  });

  it('has all that is wrong with it told at once, in one line, by its path', () => {
    const problem = problemOf(() =>
      parse({
        models: { 'claims-vision': { model: 'a/b', version: 'hunter2', colour: 'red' }, 'a/b': {} },
        prices: { 'a/b': {} },
        mdoels: {},
      }),
    );
    expect(problem).toContain('Cerebro cannot start: in the file of CEREBRO_MODELS_FILE, mdoels is unknown;');
    expect(problem).toContain('models.claims-vision.version must be a version id of 64 hexadecimal digits;');
    expect(problem).toContain('models.claims-vision.colour is unknown;');
    expect(problem).toContain('models["a/b"] is no alias');
    expect(problem).toContain('prices["a/b"] must have either usd_per_second');
    expect(problem).not.toContain('hunter2');
    expect(problem).not.toContain('red');
  });

  it.each([
    ['model', 5],
    ['model', 'b'],
    ['model', '../../x'],
    ['model', `a/b:${version}`],
    ['model', 'deployments/b'],
    ['version', 'latest'],
    ['version', version.toUpperCase()],
    ['timeout', ''],
    ['timeout', '20 minutes'],
    ['timeout', '2d'],
    ['timeout', -1],
    ['timeout', {}],
    ['price', '0.1'],
    ['price', { usd_per_second: '0.0000000001' }],
    ['price', { usd_per_second: -1 }],
    ['price', { hardware: 'gpu-none' }],
    ['price', { hardware: 'cpu', usd_per_second: 1 }],
    ['price', { usd_per_million_input_tokens: '1' }],
    ['defaults', []],
    ['input', 'text'],
    ['input', null],
  ])('refuses the %s %j', (key, value) => {
    expect(problemWith({ [key]: value })).toContain(`models.vision.${key}`);
  });

  it.each([
    ['max_tokens', 0],
    ['max_tokens', 1.5],
    ['max_tokens', '5'],
    ['temperature', 2.1],
    ['top_p', -0.1],
    ['top_k', 1.5],
    ['seed', 1e300],
    ['do_sample', 'true'],
    ['stop', '\n'],
    ['stop', []],
    ['stop', ['']],
    ['stop', ['a', 'b', 'c', 'd', 'e']],
    ['stop', null],
  ])('refuses the default %s %j', (key, value) => {
    expect(problemWith({ defaults: { [key]: value } })).toContain(`models.vision.defaults.${key} must be`);
  });

  it('refuses a version of a deployment', () => {
    expect(problemWith({ model: 'deployments/a/b', version })).toContain(
      'models.vision.version must not be set: a deployment has its own',
    );
  });

  it.each(['a/b', '', 'x'.repeat(201), '-x', 'a b', 'ä', 'a\nb', '__proto__'])(
    'refuses the alias %j',
    (name) => {
      const file = `{"models":{${JSON.stringify(name)}:{"model":"a/b"}}}`;
      expect(problemOf(() => parseModelsFile(file, 'default'))).toContain('is no alias');
    },
  );

  it.each(['__proto__', 'a b', '1', ''])('refuses the input %j', (name) => {
    const file = `{"models":{"vision":{"model":"a/b","input":{${JSON.stringify(name)}:1}}}}`;
    expect(problemOf(() => parseModelsFile(file, 'default'))).toContain('is no name of an input');
  });

  it.each(['a', `a/b:${version}`, 'deployments/a', 'a/b/c'])('refuses a price for %j', (name) => {
    const problem = problemOf(() => parse({ prices: { [name]: { usd_per_second: 1 } } }));
    expect(problem).toContain('must be owner/name or deployments/owner/name');
  });

  it.each([[{ 'GPU L40S': 1 }], [{ 'gpu-l40s': 'free' }], [5]])('refuses the hardware %j', (hardware) => {
    expect(problemOf(() => parse({ hardware }))).toContain('hardware');
  });

  it.each(['', '[]', 'null', '"text"', '{"models":{}', "{'models':{}}"])('refuses the text %j', (text) => {
    expect(problemOf(() => parseModelsFile(text, 'default'))).toMatch(/not valid JSON|must be an object/);
  });

  it('shows none of the text that is no JSON, but its place where the parser knows it', () => {
    const problem = (text: string) => problemOf(() => parseModelsFile(text, 'default'));
    expect(problem('{\n  "models": hunter2\n}')).not.toContain('hunter2');
    expect(problem('{\n  "models": {} "hunter2"\n}')).toContain('is not valid JSON (line 2 column 16).');
  });
});

describe("the operators' page", () => {
  const page = readFileSync(new URL('../../docs/models.md', import.meta.url), 'utf8');

  it('shows a models file that is good', () => {
    const [, example = ''] = /```json\n(.*?)```/s.exec(page) ?? [];
    const { aliases, prices } = parseModelsFile(example, DEFAULT_MODEL);
    expect(aliases.size).toBeGreaterThan(3);
    expect(prices.size).toBe(2);
  });

  it('has the list prices of hardware', () => {
    const rows = [...page.matchAll(/^\| `([a-z0-9-]+)` +\| (\d\.\d{6}) +\|$/gm)];
    expect(rows.map(([, sku, price]) => [sku, nanoDollars(price)])).toEqual([...HARDWARE_PRICES]);
  });
});

describe('the loader of the models file', () => {
  let folder: string;
  beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'cerebro-models-'))));
  afterAll(() => rm(folder, { recursive: true }));

  const problemOfLoading = (path: string) =>
    loadModelsFile(path, 'default').then(
      () => 'none',
      (error: unknown) => (error instanceof SettingsError ? error.message : String(error)),
    );

  it('reads no file where none is set', async () => {
    expect((await loadModelsFile(undefined, 'default')).aliases.size).toBe(0);
  });

  it('reads the file', async () => {
    const path = join(folder, 'good.json');
    await writeFile(path, '{"models":{"vision":{"model":"a/b"}}}');
    expect([...(await loadModelsFile(path, 'default')).aliases.keys()]).toEqual(['vision']);
  });

  it('says why a file cannot be read', async () => {
    expect(await problemOfLoading(join(folder, 'none.json'))).toBe(
      'Cerebro cannot start: the file of CEREBRO_MODELS_FILE cannot be read (ENOENT).',
    );
    expect(await problemOfLoading(folder)).toContain('(EISDIR)');
    await writeFile(join(folder, 'latin1.json'), Buffer.from([0x7b, 0xe9, 0x7d]));
    expect(await problemOfLoading(join(folder, 'latin1.json'))).toContain('(it is not UTF-8)');
  });

  it('stops the start of the whole with its one line', async () => {
    const path = join(folder, 'wrong.json');
    const start = async (text: string) => {
      await writeFile(path, text);
      const settings = SettingsModule.forRoot(parseSettings({ CEREBRO_MODELS_FILE: path }));
      const options = { logger: false, abortOnError: false } as const;
      return NestFactory.createApplicationContext(
        { module: Root, imports: [settings, ModelsModule] },
        options,
      );
    };
    class Root {}
    await expect(start('{"models":{"vision":{}}}')).rejects.toThrow(SettingsError);
    const app = await start('{"models":{"vision":{"model":"a/b"}}}');
    expect(app.get(ModelCatalogue).resolve('vision')).toMatchObject({ upstream: 'a/b' });
    await app.close();
  });
});
