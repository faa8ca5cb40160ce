import { ConfigService } from '@nestjs/config';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SettingsService } from '../config/config.module.js';
import { DEFAULT_MODEL_VERSION, parseSettings, SettingsError } from '../config/settings.js';
import { ApiError } from '../errors/api-error.js';
import { DEFAULT_MODEL, ModelCatalogue } from './catalogue.service.js';
import { parseModelsFile } from './models-file.js';

const v1 = '1'.repeat(64);
const v2 = '2'.repeat(64);
const upstream = 'jimothyjohn/phi3-vision-instruct';

function catalogueOf(models: string, file: unknown = {}): ModelCatalogue {
  const settings = new ConfigService(parseSettings({ CEREBRO_MODELS: models }));
  return new ModelCatalogue(
    settings as unknown as SettingsService,
    parseModelsFile(JSON.stringify(file), DEFAULT_MODEL),
  );
}

function errorOf(catalogue: ModelCatalogue, name: string): ApiError {
  try {
    catalogue.resolve(name);
  } catch (error) {
    return error as ApiError;
  }
  throw new Error(`${name} was found`);
}

const isFound = (catalogue: ModelCatalogue, name: string): boolean => {
  try {
    return catalogue.resolve(name).id === name;
  } catch (error) {
    expect(error).toMatchObject({ reason: 'model_not_found', status: 404, param: 'model' });
    return false;
  }
};

describe('a key that is limited to some models', () => {
  const file = { models: { fast: { model: 'acme/quick', version: v1 } } };
  const catalogue = catalogueOf('acme/*,bolt/*', file);
  const names = [DEFAULT_MODEL, 'fast', 'acme/quick', `acme/quick:${v2}`, 'acme/other', 'bolt/quick'];
  const allowed = (...only: string[]) =>
    names.filter((name) => {
      try {
        return catalogue.resolve(name, only).id === name;
      } catch (error) {
        expect(error).toMatchObject({ reason: 'model_not_found' });
        return false;
      }
    });

  it.each([
    [[DEFAULT_MODEL], [DEFAULT_MODEL]],
    [['fast'], ['fast']],
    [['acme/quick'], ['fast', 'acme/quick', `acme/quick:${v2}`]],
    [[`acme/quick:${v2}`], [`acme/quick:${v2}`]],
    [['acme/*'], ['fast', 'acme/quick', `acme/quick:${v2}`, 'acme/other']],
    [['*'], names],
    [['carol/*', 'fas', 'acme'], []],
  ])('of %j may ask %j', (only, expected) => {
    expect(allowed(...only)).toEqual(expected);
  });

  it('is not let in to the default model by naming none', () => {
    expect(() => catalogue.resolve(undefined, ['fast'])).toThrow('does not exist or you do not have access');
  });

  it('is shown no others in the list', () => {
    expect(catalogue.list(['fast']).map(({ id }) => id)).toEqual(['fast']);
  });
});

describe('models that nobody has priced', () => {
  const withHardware = (CEREBRO_DEFAULT_HARDWARE: string) =>
    new ModelCatalogue(
      new ConfigService(parseSettings({ CEREBRO_DEFAULT_HARDWARE })) as unknown as SettingsService,
      parseModelsFile('{}', DEFAULT_MODEL),
    );

  it('cost what the default hardware does', () => {
    const price = { nanosPerSecond: 975_000 };
    expect(withHardware('gpu-l40s').listPrice(undefined)).toEqual(price);
    expect(withHardware('gpu-l40s').listPrice('gpu-h100')).toEqual({ nanosPerSecond: 1_525_000 });
  });

  it('stop the start where that hardware has no price', () => {
    expect(() => withHardware('gpu-none')).toThrow(SettingsError);
  });
});

describe('the catalogue of models', () => {
  it('has the default model for who names none', () => {
    const expected = {
      id: DEFAULT_MODEL,
      upstream,
      version: DEFAULT_MODEL_VERSION,
      defaults: { maxTokens: 1000, temperature: 0.7, doSample: true },
    };
    for (const name of [undefined, null, DEFAULT_MODEL]) {
      expect(catalogueOf('').resolve(name)).toStrictEqual(expected);
    }
  });

  it('knows nothing else where CEREBRO_MODELS is empty', () => {
    for (const name of [upstream, `a/b`, `deployments/a/b`, `a/b:${v1}`, '*', '']) {
      expect(isFound(catalogueOf(''), name)).toBe(false);
    }
  });

  it.each([
    ['*', ['a/b', `a/b:${v1}`, 'deployments/a/b'], []],
    ['a/*', ['a/b', `a/b:${v1}`, 'a/c'], ['b/a', 'deployments/a/b', 'aa/b']],
    ['a/b', ['a/b', `a/b:${v1}`, `a/b:${v2}`], ['a/bb', 'a/c', 'A/b', 'deployments/a/b']],
    [`a/b:${v1}`, [`a/b:${v1}`], ['a/b', `a/b:${v2}`]],
    ['deployments/a/b', ['deployments/a/b'], ['a/b', 'deployments/a/c', `deployments/a/b:${v1}`]],
    ['deployments/a/*', ['deployments/a/b'], ['a/b', 'deployments/c/b']],
    ['deployments/*', ['deployments/a/b', 'deployments/c/d'], ['a/b', 'deployments/a']],
    ['a/b, c/*', ['a/b', 'c/d'], ['a/d']],
  ])('allows by %s exactly that', (models, allowed, refused) => {
    const catalogue = catalogueOf(models);
    for (const name of allowed) expect(isFound(catalogue, name), name).toBe(true);
    for (const name of refused) expect(isFound(catalogue, name), name).toBe(false);
  });

  it.each(['..', '../..', '../x', 'a/..', 'deployments/b', `deployments/b:${v1}`].map((entry) => [entry]))(
    'does not start with %s in CEREBRO_MODELS',
    (entry) => {
      expect(() => catalogueOf(entry)).toThrow(SettingsError);
    },
  );

  it('sends a pinned version to its model, under the name that the caller said', () => {
    expect(catalogueOf('*').resolve(`a/b:${v1}`)).toStrictEqual({
      id: `a/b:${v1}`,
      upstream: 'a/b',
      version: v1,
    });
    expect(catalogueOf('*').resolve('deployments/a/b')).toStrictEqual({
      id: 'deployments/a/b',
      upstream: 'deployments/a/b',
    });
  });

  it.each([
    ...['../../x', '../x', 'a/..', './x', 'a/./b', 'a/b/c', 'a//b', '/a/b', 'a/b/', 'a', 'a/'],
    ...['%2e%2e/%2e%2e', 'a/%2e%2e', 'a%2fb', 'a/b?x=1', 'a/b#x', 'a/b\\c', 'a/b ', ' a/b', 'a/b\n', 'a\0/b'],
    ...['a/b:latest', `a/b:${v1}0`, `a/b:${'A'.repeat(64)}`, 'a/b:', `a/b:${v1}:${v1}`, `:${v1}`],
    ...['😀/😀', 'a/ö', 'а/b', '*', 'a/*', 'deployments/*', 'deployments/a', 'deployments/a/b/c'],
    ...['deployments/../a', 'x'.repeat(10_000), `a/${'x'.repeat(10_000)}`, '__proto__', 'constructor'],
  ])('never takes %j for a model, whatever is allowed (C10)', (name) => {
    expect(isFound(catalogueOf('*'), name)).toBe(false);
  });

  it('takes no name for a model that could leave its place in an address (C10)', () => {
    const catalogue = catalogueOf('*');
    const parts = fc.array(fc.constantFrom('a', 'deployments', '/', '.', '..', ':', '%', v1, '*', '\\', '?'));
    let found = 0;
    fc.assert(
      fc.property(parts, (texts) => {
        const name = texts.join('');
        if (!isFound(catalogue, name)) return;
        found++;
        const spec = catalogue.resolve(name);
        const path = spec.upstream.startsWith('deployments/') ? spec.upstream : `models/${spec.upstream}`;
        const { pathname } = new URL(`https://x.test/v1/${path}/predictions`);
        expect(pathname).toBe(`/v1/${path}/predictions`);
        expect(path.split('/')).toHaveLength(3);
      }),
      { numRuns: 20_000 },
    );
    expect(found).toBeGreaterThan(10);
  });

  it('tells of a model that is not there in the words of OpenAI, with at most 200 characters of its name', () => {
    expect(errorOf(catalogueOf(''), 'gpt-4o').message).toBe(
      'The model `gpt-4o` does not exist or you do not have access to it.',
    );
    const { message } = errorOf(catalogueOf(''), `${'x'.repeat(199)}😀${'x'.repeat(10_000)}`);
    expect(message.length).toBeLessThan(300);
    expect(message.isWellFormed()).toBe(true);
  });

  it('lists what has a name: the default model, the aliases, and the entries that name a model', () => {
    const catalogue = catalogueOf(`a/b, c/*, deployments/d/e, f/g:${v1}, a/b`, {
      models: { vision: { model: 'a/b' }, [DEFAULT_MODEL]: { timeout: '20m' } },
    });
    expect(catalogue.list().map(({ id }) => id)).toEqual([
      DEFAULT_MODEL,
      'vision',
      'a/b',
      'deployments/d/e',
      `f/g:${v1}`,
    ]);
    expect(catalogueOf('*').list()).toHaveLength(1);
  });
});

describe('the catalogue with a models file', () => {
  it('finds aliases, which need no entry in CEREBRO_MODELS', () => {
    const file = { models: { vision: { model: 'a/b', version: v1, input: { task: 'x' } } } };
    const catalogue = catalogueOf('', file);
    expect(catalogue.resolve('vision')).toStrictEqual({
      id: 'vision',
      upstream: 'a/b',
      version: v1,
      input: { task: 'x' },
    });
    expect(isFound(catalogue, 'a/b')).toBe(false);
  });

  it("gives each model its alias's price, or the one of its upstream, whatever version is pinned", () => {
    const catalogue = catalogueOf('*', {
      models: { own: { model: 'a/b', price: { usd_per_second: 1 } }, none: { model: 'a/b' } },
      prices: {
        'a/b': { usd_per_second: 2 },
        'deployments/a/b': { usd_per_second: 3 },
        [upstream]: { usd_per_second: 4 },
      },
    });
    const dollars = (name: string | null) => (catalogue.resolve(name).price?.nanosPerSecond ?? NaN) / 1e9;
    expect(['own', 'none', 'a/b', `a/b:${v1}`, 'deployments/a/b', null, 'c/d'].map(dollars)).toEqual([
      1,
      2,
      2,
      2,
      3,
      4,
      NaN,
    ]);
  });

  it('knows the price of hardware, by the file and else by the list', () => {
    const catalogue = catalogueOf('', { hardware: { 'gpu-l40s': '0.0008' } });
    expect(catalogue.listPrice('gpu-l40s')).toStrictEqual({ nanosPerSecond: 800_000 });
    expect(catalogue.listPrice('gpu-h100')).toStrictEqual({ nanosPerSecond: 1_525_000 });
    for (const sku of ['gpu-none', undefined]) expect(catalogue.listPrice(sku)).toBeUndefined();
  });

  it('changes the default model in part: what the file does not say stays', () => {
    const file = { models: { [DEFAULT_MODEL]: { timeout: '20m', defaults: { max_tokens: 500 } } } };
    expect(catalogueOf('', file).resolve(null)).toStrictEqual({
      id: DEFAULT_MODEL,
      upstream,
      version: DEFAULT_MODEL_VERSION,
      timeoutMs: 1_200_000,
      defaults: { maxTokens: 500, temperature: 0.7, doSample: true },
    });
  });

  it('puts another model in the place of the default one, without its version and defaults', () => {
    const file = { models: { [DEFAULT_MODEL]: { model: 'deployments/a/b' } } };
    expect(catalogueOf('', file).resolve(null)).toStrictEqual({
      id: DEFAULT_MODEL,
      upstream: 'deployments/a/b',
    });
  });
});
