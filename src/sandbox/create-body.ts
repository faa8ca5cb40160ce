// Reads the body of a create: which version with which input, or the refusal that Replicate would send.
import { isJsonObject, type JsonObject } from './json.js';
import type { Deployment } from './models/deployments.js';
import { isWebhookEvent, webhookEvents, type WebhookOrder } from './webhooks/webhook-event.js';
import { invalidInputFields, invalidType, required } from './input-validation.js';
import { resolveVersion, type ModelVersion } from './models/catalogue.js';
import { inputInvalid, invalidVersion, problem, type InvalidField, type Problem } from './problem.js';

/** What an accepted create asks for. */
export interface CreateOrder {
  readonly target: ModelVersion;
  readonly input: JsonObject;
  /** The deployment that was asked, if one was. */
  readonly deployment?: Deployment;
  /** Where to send which webhooks, if anywhere. */
  readonly webhook?: WebhookOrder;
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

/** What the path of a create names, when it names anything. */
export interface PathTarget {
  readonly target: ModelVersion;
  readonly deployment?: Deployment;
}

/**
 * Reads a parsed body. `named` is given where the path names the model or a deployment; the body must then
 * not name a version. A body that is not an object is a 400, whose text is the sandbox's own.
 */
export function readCreateBody(body: unknown, named?: PathTarget): CreateOrder | Problem {
  if (!isJsonObject(body)) {
    return problem(400, { detail: 'The request body must be a JSON object', status: 400 });
  }
  const misshapen = invalidShape(body, named ? ['input'] : ['version', 'input']);
  if (misshapen.length > 0) return inputInvalid(misshapen);
  const target = named?.target ?? resolveVersion(String(body.version));
  if (!target) return invalidVersion;
  const input = isJsonObject(body.input) ? body.input : {};
  const invalid = invalidInputFields(input, target.version);
  if (invalid.length > 0) return inputInvalid(invalid);
  return { ...named, target, input, echoed: echoed(body), ...webhookOrder(body) };
}

function invalidShape(body: JsonObject, needed: readonly string[]): InvalidField[] {
  const allowed = Object.keys(fieldTypes).filter((name) => name !== 'version' || needed.includes(name));
  return [
    ...needed.filter((name) => !(name in body)).map((name) => required(name, '')),
    ...Object.keys(body)
      .filter((name) => !allowed.includes(name))
      .map(additionalProperty),
    ...allowed.filter((name) => name in body).flatMap((name) => wrongType(name, body[name])),
    ...unknownEvents(body.webhook_events_filter),
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

function unknownEvents(filter: unknown): InvalidField[] {
  if (!Array.isArray(filter)) return [];
  const list = webhookEvents.map((event) => JSON.stringify(event)).join(', ');
  return filter.flatMap((event: unknown, index) => {
    const field = `webhook_events_filter.${index}`;
    const description = `${field} must be one of the following: ${list}`;
    return isWebhookEvent(event) ? [] : [{ type: 'enum', field, description }];
  });
}

function jsonKind(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value;
}

function webhookOrder({ webhook, webhook_events_filter: filter }: JsonObject): { webhook?: WebhookOrder } {
  if (typeof webhook !== 'string') return {};
  return { webhook: { url: webhook, events: Array.isArray(filter) ? filter.filter(isWebhookEvent) : usual } };
}

/** What is sent to a webhook whose create filters nothing. */
const usual = ['output', 'completed'] as const;

function echoed(body: JsonObject): JsonObject {
  const { webhook, webhook_events_filter } = body;
  return {
    ...(webhook !== undefined && { webhook }),
    ...(webhook_events_filter !== undefined && { webhook_events_filter }),
  };
}
