// One alias of the models file: a model under a name of the operator's, with its price and settings.
import { SettingReader } from '../config/setting-reader.js';
import type { ModelSpec, Sampling } from '../inference/inference.js';
import type { Price } from '../inference/price.js';
import { type JsonObject, type JsonReader, pathOf } from './json-reader.js';
import { parseModelName, VERSION } from './model-name.js';

/** What the file says of one alias; `upstream` is absent only where it overrides the default model. */
export type Alias = Omit<ModelSpec, 'id' | 'upstream'> & { readonly upstream?: string };

/** A model's input, by its name: Replicate's models are Python functions, and these their parameters. */
const INPUT = /^(?!__proto__$)[A-Za-z_][\w.-]{0,99}$/;

/** As long as CEREBRO_PREDICTION_TIMEOUT may be, in milliseconds. */
const TIMEOUT = { min: 1000, max: 86_400_000 };

/** What an alias is read with. */
export interface AliasContext {
  readonly price: (path: string, value: unknown) => Price | undefined;
  /** Whether this is the default model's name, which stands for a model even without `model`. */
  readonly mayOverride: boolean;
}

/** Reads one alias. */
export function readAlias(reader: JsonReader, path: string, value: unknown, context: AliasContext): Alias {
  const given = reader.object(path, value, ['model', 'version', 'price', 'timeout', 'defaults', 'input']);
  return {
    ...readModel(reader, path, given, context.mayOverride),
    ...present('price', context.price(`${path}.price`, given.price)),
    ...present('timeoutMs', readTimeout(reader, `${path}.timeout`, given.timeout)),
    ...present('defaults', readDefaults(reader, `${path}.defaults`, given.defaults)),
    ...present('input', readInput(reader, `${path}.input`, given.input)),
  };
}

function readModel(
  reader: JsonReader,
  path: string,
  { model, version }: JsonObject,
  mayOverride: boolean,
): Pick<Alias, 'upstream' | 'version'> {
  const name = typeof model === 'string' ? parseModelName(model) : undefined;
  if (model === undefined) {
    if (!mayOverride) reader.refuse(`${path}.model`, 'is missing');
    else if (version !== undefined) {
      reader.refuse(`${path}.version`, 'needs a model beside it; or set REPLICATE_MODEL_VERSION');
    }
  } else if (!name || name.version) {
    reader.refuse(`${path}.model`, 'must be owner/name or deployments/owner/name; a version goes to version');
  } else if (name.upstream.startsWith('deployments/') && version !== undefined) {
    reader.refuse(`${path}.version`, 'must not be set: a deployment has its own');
  }
  return {
    ...present('upstream', name?.upstream),
    ...present(
      'version',
      reader.matching(`${path}.version`, version, VERSION, 'a version id of 64 hexadecimal digits'),
    ),
  };
}

/** The notation of the environment's times. */
function readTimeout(reader: JsonReader, path: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  const setting = new SettingReader({ [path]: text.trim() || '?' });
  const milliseconds = setting.duration(path, TIMEOUT);
  reader.problems.push(...setting.problems);
  return milliseconds;
}

function readDefaults(reader: JsonReader, path: string, value: unknown): Sampling | undefined {
  if (value === undefined) return undefined;
  const keys = ['max_tokens', 'temperature', 'top_p', 'top_k', 'seed', 'do_sample', 'stop'] as const;
  const given = reader.object(path, value, keys);
  const at = (key: (typeof keys)[number]) => [`${path}.${key}`, given[key]] as const;
  return {
    ...present('maxTokens', reader.integer(...at('max_tokens'), { min: 1, max: 2_147_483_647 })),
    ...present('temperature', reader.decimal(...at('temperature'), { min: 0, max: 2 })),
    ...present('topP', reader.decimal(...at('top_p'), { min: 0, max: 1 })),
    ...present('topK', reader.integer(...at('top_k'), { min: -1, max: 1_000_000 })),
    ...present('seed', reader.integer(...at('seed'), { min: -1, max: Number.MAX_SAFE_INTEGER })),
    ...present('doSample', reader.boolean(...at('do_sample'))),
    ...present('stop', reader.texts(...at('stop'), { max: 4 })),
  };
}

function readInput(reader: JsonReader, path: string, value: unknown): JsonObject | undefined {
  if (value === undefined) return undefined;
  const input = reader.object(path, value);
  for (const key of Object.keys(input)) {
    if (!INPUT.test(key)) reader.refuse(pathOf(path, key), 'is no name of an input');
  }
  return input;
}

/** An object with this key, or an empty one for an absent value. */
function present<Key extends string, Value>(key: Key, value: Value | undefined): Partial<Record<Key, Value>> {
  return value === undefined ? {} : ({ [key]: value } as Record<Key, Value>);
}
