// What the operator says of models in the file of CEREBRO_MODELS_FILE. Pure: parses a text, reads no file.
import { SettingsError } from '../config/settings.js';
import type { Price } from '../inference/price.js';
import { HARDWARE_PRICES } from './hardware-prices.js';
import { JsonReader, pathOf } from './json-reader.js';
import { type Alias, readAlias } from './model-alias.js';
import { parseModelName } from './model-name.js';
import { readHardware, readPrice } from './model-price.js';

/** The file's contents, checked. */
export interface ModelsFile {
  /** By the name that callers use, in the file's order. */
  readonly aliases: ReadonlyMap<string, Alias>;
  /** Prices of models by the provider's name, for those that have none under an alias. */
  readonly prices: ReadonlyMap<string, Price>;
  /** Nano-dollars for a second of hardware, by SKU: the list's, and over them the file's. */
  readonly hardware: ReadonlyMap<string, number>;
}

/** What holds without a file. */
export const NO_MODELS_FILE: ModelsFile = {
  aliases: new Map(),
  prices: new Map(),
  hardware: HARDWARE_PRICES,
};

/** An alias has no slash, so that it cannot be taken for a model of Replicate's. */
const ALIAS = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,199}$/;

/**
 * Reads the file's text.
 *
 * @param defaultModel the alias that may go without `model`
 * @throws {SettingsError} one line that names everything that is wrong, by its path in the file
 */
export function parseModelsFile(text: string, defaultModel: string): ModelsFile {
  const reader = new JsonReader();
  const file = reader.object('', parseJson(text), ['models', 'prices', 'hardware']);
  const hardware = readHardware(reader, file.hardware);
  const price = (path: string, value: unknown) => readPrice(reader, path, value, hardware);
  const aliases = Object.entries(reader.object('models', file.models)).map(
    ([name, value]): [string, Alias] => {
      const path = pathOf('models', name);
      if (!ALIAS.test(name))
        reader.refuse(path, 'is no alias: 1 to 200 letters, digits and . _ : -, without a slash');
      return [name, readAlias(reader, path, value, { price, mayOverride: name === defaultModel })];
    },
  );
  const prices = Object.entries(reader.object('prices', file.prices)).flatMap(([name, value]) => {
    const path = pathOf('prices', name);
    const model = parseModelName(name);
    if (!model || model.version) reader.refuse(path, 'must be owner/name or deployments/owner/name');
    const read = price(path, value);
    return read ? [[name, read] as const] : [];
  });
  if (reader.problems.length > 0) throw wrong(reader.problems.join('; '));
  return { aliases: new Map(aliases), prices: new Map(prices), hardware };
}

function parseJson(text: string): unknown {
  try {
    // Editors of Windows begin files with a byte order mark.
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    // The parser's own message shows a piece of the file: only its position is taken.
    const [position = ''] = / \(line \d+ column \d+\)/.exec((error as Error).message) ?? [];
    throw wrong(`the text is not valid JSON${position}`);
  }
}

function wrong(problems: string): SettingsError {
  return SettingsError.of([`in the file of CEREBRO_MODELS_FILE, ${problems}`]);
}
