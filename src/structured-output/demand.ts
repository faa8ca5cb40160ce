// What the forms of answers demand of a value.
import { canonical, type Demand } from './judgement.ts';
import { problemOf } from './problem.ts';
import type { CompiledSchema } from './schema.ts';

/** Any object of JSON. */
export const anyObject: Demand = {
  fault: (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? undefined
      : 'the answer must be a JSON object',
  isEcho: () => false,
};

/** A value that fits a schema. */
export function fitting({ schema, validate }: CompiledSchema): Demand {
  return {
    fault: (value) => (validate(value) === true ? undefined : problemOf(validate.errors ?? [])),
    isEcho: echoOf(schema),
  };
}

/** Small models give back the schema as it is, in a wrapper, or its properties under the same name. */
function echoOf(schema: Readonly<Record<string, unknown>>): Demand['isEcho'] {
  const whole = canonical(schema);
  const properties = schema.properties;
  const ownNames = new Set(typeof properties === 'object' ? Object.keys(properties ?? {}) : []);
  return (value) => {
    if (typeof value !== 'object' || value === null) return false;
    if (canonical(value) === whole) return true;
    const part = (name: string, of: unknown): boolean =>
      !ownNames.has(name) && name in value && canonical(Reflect.get(value, name)) === canonical(of);
    return part('schema', schema) || (properties !== undefined && part('properties', properties));
  };
}
