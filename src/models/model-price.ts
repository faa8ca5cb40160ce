// Prices in the models file: by the second, by the hardware, or by the token.
import type { Price } from '../inference/price.js';
import { HARDWARE_PRICES } from './hardware-prices.js';
import { type JsonReader, pathOf } from './json-reader.js';
import { nanoDollars } from './nano-dollars.js';

const KEYS = [
  'usd_per_second',
  'hardware',
  'usd_per_million_input_tokens',
  'usd_per_million_output_tokens',
] as const;

const AMOUNT =
  'must be an amount of dollars from 0 to 999999 with at most 9 decimals, such as "0.000975" (text or number)';

/** Prices of a second by SKU: the list's, and over them those of the file. */
export function readHardware(reader: JsonReader, value: unknown): ReadonlyMap<string, number> {
  const own = Object.entries(reader.object('hardware', value)).map(([sku, amount]): [string, number] => {
    const path = pathOf('hardware', sku);
    if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(sku)) reader.refuse(path, 'is no SKU such as gpu-l40s');
    return [sku, readAmount(reader, path, amount) ?? 0];
  });
  return new Map([...HARDWARE_PRICES, ...own]);
}

/** A price; undefined where there is none, or a wrong one. Exactly one way of pricing may be given. */
export function readPrice(
  reader: JsonReader,
  path: string,
  value: unknown,
  hardware: ReadonlyMap<string, number>,
): Price | undefined {
  if (value === undefined) return undefined;
  const before = reader.problems.length;
  const given = reader.object(path, value, KEYS);
  if (reader.problems.length > before) return undefined;
  const amount = (key: (typeof KEYS)[number]) => readAmount(reader, pathOf(path, key), given[key]);
  switch (KEYS.filter((key) => given[key] !== undefined).join(' ')) {
    case 'usd_per_second': {
      const nanosPerSecond = amount('usd_per_second');
      return nanosPerSecond === undefined ? undefined : { nanosPerSecond };
    }
    case 'hardware': {
      const nanosPerSecond = hardware.get(String(given.hardware));
      if (nanosPerSecond !== undefined) return { nanosPerSecond };
      return reader.refuse(`${path}.hardware`, `must be one of ${[...hardware.keys()].join(', ')}`);
    }
    case 'usd_per_million_input_tokens usd_per_million_output_tokens': {
      const nanosPerMillionPromptTokens = amount('usd_per_million_input_tokens');
      const nanosPerMillionCompletionTokens = amount('usd_per_million_output_tokens');
      if (nanosPerMillionPromptTokens === undefined) return undefined;
      if (nanosPerMillionCompletionTokens === undefined) return undefined;
      return { nanosPerMillionPromptTokens, nanosPerMillionCompletionTokens };
    }
    default:
      return reader.refuse(
        path,
        'must have either usd_per_second, or hardware, or both usd_per_million_input_tokens and usd_per_million_output_tokens',
      );
  }
}

function readAmount(reader: JsonReader, path: string, value: unknown): number | undefined {
  return nanoDollars(value) ?? reader.refuse(path, AMOUNT);
}
