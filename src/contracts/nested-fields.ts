// Decorators for fields that have an inside of their own: each states a rule once, for the check and for the
// OpenAPI document. The contracts inside are classes made of the same decorators.
import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, type ApiPropertyOptions, getSchemaPath } from '@nestjs/swagger';
import type { TextRules } from './checks.js';
import { field, type FieldOptions } from './fields.js';
import {
  anyObject,
  kindOf,
  type Kinds,
  type ListBounds,
  listOf,
  objectOf,
  onlyUnused,
  textMap,
  textOrList,
} from './structure-checks.js';

/** Objects of several kinds, each with a contract of its own. */
export interface KindsOfContract extends Kinds {
  readonly kinds: Readonly<Record<string, Type<object>>>;
}

/** An object with a contract of its own. */
export function ObjectField(
  options: FieldOptions<object> & { contract: Type<object>; insteadOfText?: string },
): PropertyDecorator {
  const { contract, insteadOfText, ...rest } = options;
  const schema = { allOf: [{ $ref: getSchemaPath(contract) }] };
  return documented([contract], field(rest, property(schema), objectOf(contract, insteadOfText)));
}

/** A JSON object of any content. */
export function AnyObjectField(options: FieldOptions<object>): PropertyDecorator {
  return field(options, { type: 'object', additionalProperties: true }, anyObject);
}

/** An object of one of several kinds, which a field of it tells. */
export function KindField(options: FieldOptions<object> & { kinds: KindsOfContract }): PropertyDecorator {
  const { kinds, ...rest } = options;
  return documented(contractsOf(kinds), field(rest, property(kindsSchema(kinds)), kindOf(kinds)));
}

/** A list of objects of several kinds. */
export function KindsListField(
  options: FieldOptions<object[]> & ListBounds & { kinds: KindsOfContract },
): PropertyDecorator {
  const { kinds, minItems, maxItems, ...rest } = options;
  const schema = listSchema(kinds, { minItems, maxItems });
  const check = listOf(kindOf(kinds), { minItems, maxItems });
  return documented(contractsOf(kinds), field(rest, property(schema), check));
}

/** A text, which may be empty, or a list of parts. */
export function TextOrPartsField(
  options: FieldOptions<string | object[]> & Pick<TextRules, 'maxLength'> & { parts: KindsOfContract },
): PropertyDecorator {
  const { parts, maxLength, ...rest } = options;
  const schema = { oneOf: [{ type: 'string', maxLength }, listSchema(parts, { minItems: 1 })] };
  const check = textOrList({ maxLength, allowEmpty: true }, listOf(kindOf(parts), { minItems: 1 }));
  return documented(contractsOf(parts), field(rest, property(schema), check));
}

/** A map from names to texts. */
export function TextMapField(
  options: FieldOptions<Record<string, string>> & {
    maxPairs: number;
    maxKeyLength: number;
    maxLength: number;
  },
): PropertyDecorator {
  const { maxPairs, maxKeyLength, maxLength, ...rest } = options;
  const additionalProperties = { type: 'string', maxLength } as const;
  const schema = { type: 'object', maxProperties: maxPairs, additionalProperties } as const;
  return field(rest, schema, textMap({ maxPairs, maxKeyLength, maxLength }));
}

/**
 * A field that clients send back by habit, and that may only say that it is not used.
 *
 * @param hint a sentence for those who do use it
 */
export function UnusedField(
  options: FieldOptions<unknown> & {
    schema: ApiPropertyOptions;
    isUnused: (value: unknown) => boolean;
    hint: string;
  },
): PropertyDecorator {
  const { schema, isUnused, hint, ...rest } = options;
  return field(rest, schema, onlyUnused(isUnused, hint));
}

/** A field that clients send by habit, with any value, and that says nothing to us. */
export function IgnoredField(
  options: FieldOptions<unknown> & { schema: ApiPropertyOptions },
): PropertyDecorator {
  const { schema, ...rest } = options;
  return field(rest, schema, () => undefined);
}

function contractsOf({ kinds }: KindsOfContract): Type<object>[] {
  return [...new Set(Object.values(kinds))];
}

function kindsSchema(kinds: KindsOfContract): object {
  const mapping = Object.entries(kinds.kinds).map(([kind, contract]) => [kind, getSchemaPath(contract)]);
  return {
    oneOf: contractsOf(kinds).map((contract) => ({ $ref: getSchemaPath(contract) })),
    discriminator: {
      propertyName: kinds.by,
      mapping: Object.fromEntries(mapping) as object,
    },
  };
}

function listSchema(kinds: KindsOfContract, { minItems, maxItems }: ListBounds): object {
  return {
    type: 'array',
    items: kindsSchema(kinds),
    ...(minItems !== undefined && { minItems }),
    ...(maxItems !== undefined && { maxItems }),
  };
}

/** Swagger's types do not know schemas that hold a list and a text at once. */
function property(schema: object): ApiPropertyOptions {
  return schema;
}

/** A decorator whose field's schema names other contracts, which are then in the document too. */
function documented(contracts: readonly Type<object>[], decorator: PropertyDecorator): PropertyDecorator {
  return applyDecorators((target: object) => {
    ApiExtraModels(...contracts)(target.constructor);
  }, decorator);
}
