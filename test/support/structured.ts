// A schema, answers to it, and requests for it.

export const INVOICE = {
  type: 'object',
  properties: {
    number: { type: 'string' },
    total: { type: 'number' },
    currency: { type: 'string', enum: ['EUR', 'USD'] },
  },
  required: ['number', 'total', 'currency'],
  additionalProperties: false,
};
export const RIGHT = '{"number":"2026-118","total":143.5,"currency":"EUR"}';
export const WRONG = '{"number":"2026-118","total":"143.50","currency":"EUR"}';

/** Asks for JSON that fits a schema. */
export const fitting = (schema: unknown = INVOICE, more: object = {}) => ({
  response_format: { type: 'json_schema', json_schema: { name: 'invoice', strict: true, schema, ...more } },
});

/** Asks for any JSON object. */
export const ANY_OBJECT = { response_format: { type: 'json_object' } };
