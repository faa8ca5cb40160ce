// Holds every body and query to its contract: right types, no unknown fields, no conversion of types.
import { type ArgumentMetadata, Injectable, type PipeTransform, type Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { unknownField } from '../contracts/contract-fields.js';
import { contractComplaint } from '../contracts/structure-checks.js';
import { ApiError } from '../errors/api-error.js';
import { bodyError, contractError, typeName, unknownParameter } from './validation-error.js';

/** Types of parameters that are no contracts: single texts out of the path, and what decorators of ours hand in. */
const PLAIN: readonly unknown[] = [String, Number, Boolean, Array, Object, undefined];

/**
 * Makes an instance of the contract's class out of a body or a query. Not Nest's own ValidationPipe: that one
 * walks and converts bodies before it checks them, and reads a missing body as an empty one.
 */
@Injectable()
export class RequestValidationPipe implements PipeTransform<unknown, unknown> {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if (type === 'custom' || PLAIN.includes(metatype)) return value;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ApiError('invalid_type', {
        message: `Invalid request ${type}: expected a JSON object, but got ${typeName(value)} instead.`,
      });
    }
    const contract = metatype as Type<object>;
    return type === 'body' ? checkedBody(contract, value) : checkedQuery(contract, value);
  }
}

/**
 * In a body nothing is converted, and every value is looked at once: class-transformer's time grows with the square
 * of a hostile body's size.
 */
function checkedBody(contract: Type<object>, body: object): object {
  const complaint = contractComplaint(contract, body as Readonly<Record<string, unknown>>);
  if (complaint) throw bodyError(complaint);
  return Object.assign(new contract(), body);
}

/** A query is all texts, which class-transformer converts. */
function checkedQuery(contract: Type<object>, query: object): object {
  const unknown = unknownField(contract, query);
  if (unknown !== undefined) throw unknownParameter(unknown);
  const instance = plainToInstance(contract, query);
  const errors = validateSync(instance, { validationError: { target: false } });
  if (errors.length > 0) throw contractError(errors);
  return instance;
}
