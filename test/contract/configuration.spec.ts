// The reference of the configuration is made out of the code, committed, and true: each variable does what it says.
import { describe, expect, it } from 'vitest';
import {
  ARN_SUFFIX,
  FILE_SUFFIX,
  isSetting,
  secretNames,
  SETTING_GROUPS,
  SETTINGS,
} from '../../src/config/setting-catalogue.js';
import type { SettingDescription } from '../../src/config/setting-description.js';
import { parseSettings, type Settings } from '../../src/config/settings.js';
import {
  complaintOn,
  type Environment,
  exampleText,
  formOf,
  NONSENSE,
  PRODUCTION,
  referenceText,
} from '../support/configuration-reference.js';

/** Where more is on than by itself, so that more variables have an effect. */
const TRACING: Environment = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };

/** Variables that settings.ts itself reads; the others are read by libraries. */
const own = [...SETTINGS].filter(([, { readBy }]) => readBy === undefined);

/** The names that parseSettings asks an environment for. */
function namesRead(env: Environment): string[] {
  const names = new Set<string>();
  parseSettings(
    new Proxy(env, {
      get: (target, name) => {
        names.add(String(name));
        return Reflect.get(target, name) as unknown;
      },
    }),
  );
  return [...names];
}

/** The fields that a variable changes. */
function changedFields(name: string, value: string): (keyof Settings)[] {
  const [without, given] = [parseSettings({}), parseSettings({ [name]: value })];
  const fields = Object.keys({ ...without, ...given }) as (keyof Settings)[];
  return fields.filter((field) => JSON.stringify(without[field]) !== JSON.stringify(given[field]));
}

describe('the reference of the configuration', () => {
  it('is the committed docs/configuration.md (`npm run configuration` renews it)', async () => {
    await expect(await referenceText()).toMatchFileSnapshot('../../docs/configuration.md');
  });

  it('has an example in the committed .env.example (`npm run configuration` renews it)', async () => {
    await expect(exampleText()).toMatchFileSnapshot('../../.env.example');
  });

  it('describes every variable that is read, and no other', () => {
    const read = [...new Set([...namesRead({}), ...namesRead(PRODUCTION)])];
    const places = secretNames().flatMap((name) => [name + FILE_SUFFIX, name + ARN_SUFFIX]);
    expect(read.filter((name) => !places.includes(name)).sort()).toEqual(own.map(([name]) => name).sort());
  });

  it('describes each once', () => {
    const names = SETTING_GROUPS.flatMap(({ settings }) => Object.keys(settings));
    expect(names).toHaveLength(SETTINGS.size);
  });

  it.each(own)('says the default of %s', (name, { default: value, example }: SettingDescription) => {
    if (value === undefined) {
      for (const field of example === undefined ? [] : changedFields(name, example))
        expect(parseSettings({})[field] ?? [], field).toEqual([]);
      return;
    }
    const { production, otherwise } =
      typeof value === 'string' ? { production: value, otherwise: value } : value;
    expect(parseSettings({ ...TRACING, [name]: otherwise })).toEqual(parseSettings(TRACING));
    if (name === 'NODE_ENV') return;
    expect(parseSettings({ ...PRODUCTION, ...TRACING, [name]: production })).toEqual(
      parseSettings({ ...PRODUCTION, ...TRACING }),
    );
  });

  it.each(own)('says the form of %s, or that any text will do', (name, description: SettingDescription) => {
    const told = complaintOn(name, { [name]: NONSENSE });
    expect(formOf(name, description)).not.toBe('');
    // What is told to whoever has set it wrong is the form; the catalogue has one where nothing is wrong.
    expect(told === undefined, told ?? 'anything is taken').toBe(description.form !== undefined);
  });

  it.each(own)('says what holds where %s is not set, and has an example that does something', (name, it) => {
    expect((it.default === undefined) !== (it.absent === undefined)).toBe(true);
    if (it.default === undefined && !it.secret) expect(changedFields(name, it.example ?? '')).not.toEqual([]);
  });

  it('calls a secret what must not be shown, which may come from elsewhere', () => {
    const telling = own
      .map(([name]) => name)
      .filter((name) => /TOKEN|KEY|PEPPER|SECRET(?!S)|DATABASE_URL/.test(name));
    expect(secretNames()).toEqual(expect.arrayContaining(telling));
    for (const name of secretNames()) {
      expect([name, name + FILE_SUFFIX, name + ARN_SUFFIX].every(isSetting), name).toBe(true);
    }
    expect(['CEREBRO_PORT', 'PORT_FILE', 'CEREBRO_MODELS_SECRET_ARN'].some(isSetting)).toBe(false);
  });
});
