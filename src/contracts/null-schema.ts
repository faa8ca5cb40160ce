// How a schema of the OpenAPI document takes null: in version 3.0 only where its own `type` stands, and among its
// `enum`. What of it holds for queries, which know no null, is undone in http/openapi.ts.
import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, type ApiPropertyOptions, getSchemaPath } from '@nestjs/swagger';

interface Schema {
  readonly type?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

/** Null alone. */
const NULL = { type: 'string', enum: [null], nullable: true } as const;

/** A schema that takes null beside what it took. */
export function orNull(schema: object): object {
  const { type, enum: values, oneOf, allOf }: Schema = schema;
  if (type !== undefined) return { ...schema, nullable: true, ...(values && { enum: [...values, null] }) };
  const [first, ...others] = oneOf ?? [];
  if (first?.type !== undefined) return { ...schema, oneOf: [orNull(first), ...others] };
  const [only, ...more] = allOf ?? [];
  return { oneOf: [only && more.length === 0 ? only : schema, NULL] };
}

/**
 * A schema made of others as it is. To one without a `type`, swagger adds the type that the compiler notes of the
 * property, which of a union is `Object`.
 */
export function designless(schema: object): object {
  return 'oneOf' in schema ? { ...schema, type: '' } : schema;
}

/** A field of an answer that is an object with a contract of its own, or null. */
export function ObjectOrNull(
  contract: Type<object>,
  options: { description: string; required?: boolean },
): PropertyDecorator {
  const schema: ApiPropertyOptions = designless(orNull({ allOf: [{ $ref: getSchemaPath(contract) }] }));
  return applyDecorators(
    (target: object) => {
      ApiExtraModels(contract)(target.constructor);
    },
    ApiProperty({ ...schema, ...options }),
  );
}
