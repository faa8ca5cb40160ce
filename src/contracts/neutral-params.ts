// Parameters of OpenAI's that no model here can honour. Clients send neutral values of them by habit, which pass;
// what becomes of the others is for the gateway to say. Which they are, each door's table tells.
import { isDeepStrictEqual } from 'node:util';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { declareField } from './contract-fields.js';
import { designless, orNull } from './null-schema.js';

/** One such parameter. */
export interface NeutralParam {
  /** Its type in OpenAI's document, for ours. A value of another type is one more that cannot be honoured. */
  readonly schema: ApiPropertyOptions;
  /** The values that ask for nothing. Null is always one. */
  readonly neutral: readonly unknown[];
  /** The name of another parameter whose value is neutral too, as `best_of` is where it equals `n`. */
  readonly orEqualTo?: string;
}

/** A door's parameters, by their names. */
export type NeutralParams = Readonly<Record<string, NeutralParam>>;

/** Declares these parameters in a contract: documented, and taken with any value. */
export function TakesNeutral(params: NeutralParams): ClassDecorator {
  return (target) => {
    const prototype = target.prototype as object;
    for (const [name, param] of Object.entries(params)) {
      declareField(prototype, name, { check: () => undefined, required: false });
      const schema = designless(orNull(param.schema));
      const property = { ...schema, required: false, description: describe(param) };
      ApiProperty(property)(prototype, name);
    }
  };
}

/** The parameters that a request sets to something that cannot be honoured, in the table's order. */
export function unsupportedIn(request: object, params: NeutralParams): string[] {
  const values = request as Readonly<Record<string, unknown>>;
  return Object.entries(params)
    .filter(([name, { neutral, orEqualTo }]) => {
      const value = values[name] ?? null;
      if (value === null || (orEqualTo !== undefined && value === values[orEqualTo])) return false;
      return !neutral.some((one) => isDeepStrictEqual(one, value));
    })
    .map(([name]) => name);
}

function describe({ neutral, orEqualTo }: NeutralParam): string {
  const taken = ['`null`', ...neutral.map((value) => `\`${JSON.stringify(value)}\``)];
  if (orEqualTo !== undefined) taken.push(`the value of \`${orEqualTo}\``);
  return `Not supported: anything but ${taken.join(' or ')} is refused with \`unsupported_parameter\`, or left out where the key or the gateway is set so.`;
}
