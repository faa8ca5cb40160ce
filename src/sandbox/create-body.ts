// Reads the body of a create: which version with which input, or the refusal that Replicate would send.
import { isJsonObject, type JsonObject } from './json.js';
import { invalidInputFields, invalidType, required } from './input-validation.js';
import { resolveVersion, type ModelVersion } from './models/catalogue.js';
import { inputInvalid, invalidVersion, problem, type InvalidField, type Problem } from './problem.js';

/** What an accepted create asks for. */
export interface CreateOrder {
  readonly target: ModelVersion;
  readonly input: JsonObject;
  /** Fields that a prediction only repeats: the webhook and its filter. */
  readonly echoed: JsonObject;
}

const fieldTypes = {
  version: 'string',
  input: 'object',
  stream: 'boolean',
  webhook: 'string',
  webhook_events_filter: 'array',
} as const;

/**
 * Reads a parsed body. `target` is given where the path names the model; the body must then not name a
 * version. A body that is not an object is a 400, whose text is the sandbox's own.
 */
export function readCreateBody(body: unknown, target?: ModelVersion): CreateOrder | Problem {
  if (!isJsonObject(body)) {
    return problem(400, { detail: 'The request body must be a JSON object', status: 400 });
  }
  const misshapen = invalidShape(body, target ? ['input'] : ['version', 'input']);
  if (misshapen.length > 0) return inputInvalid(misshapen);
  const chosen = target ?? resolveVersion(String(body.version));
  if (!chosen) return invalidVersion;
  const input = isJsonObject(body.input) ? body.input : {};
  const invalid = invalidInputFields(input, chosen.version);
  if (invalid.length > 0) return inputInvalid(invalid);
  return { target: chosen, input, echoed: echoed(body) };
}

function invalidShape(body: JsonObject, needed: readonly string[]): InvalidField[] {
  const allowed = Object.keys(fieldTypes).filter((name) => name !== 'version' || needed.includes(name));
  return [
    ...needed.filter((name) => !(name in body)).map((name) => required(name, '')),
    ...Object.keys(body)
      .filter((name) => !allowed.includes(name))
      .map(additionalProperty),
    ...allowed.filter((name) => name in body).flatMap((name) => wrongType(name, body[name])),
  ];
}

function additionalProperty(name: string): InvalidField {
  return {
    type: 'additional_property_not_allowed',
    field: '',
    description: `Additional property ${name} is not allowed`,
  };
}

function wrongType(name: string, value: unknown): InvalidField[] {
  const expected = fieldTypes[name as keyof typeof fieldTypes];
  const matches = expected === 'object' ? isJsonObject(value) : jsonKind(value) === expected;
  return matches ? [] : [invalidType(name, expected, value)];
}

function jsonKind(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value;
}

function echoed(body: JsonObject): JsonObject {
  const { webhook, webhook_events_filter } = body;
  return {
    ...(webhook !== undefined && { webhook }),
    ...(webhook_events_filter !== undefined && { webhook_events_filter }),
  };
}
