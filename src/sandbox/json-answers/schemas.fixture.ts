// Schemas for the specs of this folder, each with one trait that the filler has to respect. Nothing else imports
// it.

const object = (properties: object, more: object = {}): object => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...more,
});
const text = { type: 'string' };

/** Schemas by what is special about them; all of them can be fulfilled. */
export const schemas: Readonly<Record<string, object>> = {
  'an invoice': object({
    invoice_number: text,
    issue_date: { type: 'string', format: 'date' },
    currency: { type: 'string', enum: ['USD', 'EUR', 'GBP'] },
    line_items: {
      type: 'array',
      items: object({
        description: text,
        quantity: { type: 'integer', minimum: 1 },
        amount: { type: 'number' },
      }),
    },
    total: { type: 'number', minimum: 0 },
    vat_id: { anyOf: [text, { type: 'null' }] },
  }),
  'references and definitions': {
    ...object({ billing: { $ref: '#/$defs/address' }, shipping: { $ref: '#/$defs/address' } }),
    $defs: { address: object({ city: text, zip: { type: 'string', pattern: '^\\d{5}$' } }) },
  },
  'a reference at the root': {
    $ref: '#/definitions/thing',
    definitions: {
      thing: object({ a: { $ref: '#/definitions/odd~1name%20x' } }),
      'odd/name x': { type: 'integer' },
    },
  },
  'a recursion': object({
    name: text,
    children: { type: 'array', items: { $ref: '#' } },
    next: { anyOf: [{ $ref: '#' }, { type: 'null' }] },
  }),
  formats: object(
    Object.fromEntries(
      [
        'date',
        'date-time',
        'time',
        'duration',
        'email',
        'uri',
        'uri-reference',
        'hostname',
        'ipv4',
        'ipv6',
        'uuid',
        'json-pointer',
        'regex',
      ].map((format) => [format, { type: 'string', format }]),
    ),
  ),
  lengths: object({
    short: { type: 'string', maxLength: 3 },
    long: { type: 'string', minLength: 900 },
    exact: { type: 'string', minLength: 7, maxLength: 7 },
    none: { type: 'string', maxLength: 0 },
  }),
  patterns: object({
    sku: { type: 'string', pattern: '^[A-Z]{3}-\\d{4}(?:-[a-f]+)?$' },
    plate: { type: 'string', pattern: '^(?:DE|FR)\\s?[0-9]{1,4}[^0-9]$' },
    either: { type: 'string', pattern: '^(yes|no)$' },
    sized: { type: 'string', pattern: '^\\w+$', minLength: 12 },
    unicode: { type: 'string', pattern: '^\\p{L}{2}\\u0041\\x42$' },
    open: { type: 'string', pattern: 'total' },
    looking: { type: 'string', pattern: '^(?=.*\\d)\\d{3}$' },
  }),
  numbers: object({
    width: { type: 'integer', maximum: 500 },
    height: { type: 'integer', multipleOf: 64 },
    rating: { type: 'number', minimum: 1, maximum: 5, multipleOf: 0.5 },
    share: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
    confidence: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
    cents: { type: 'integer', exclusiveMinimum: 10 },
    price: { type: 'number', multipleOf: 0.01 },
    negative: { type: 'integer', maximum: -5 },
  }),
  arrays: object({
    none: { type: 'array', items: text, maxItems: 0 },
    three: { type: 'array', items: { type: 'integer' }, minItems: 3, uniqueItems: true },
    tags: { type: 'array', items: { type: 'string', enum: ['a', 'b', 'c'] }, minItems: 2, uniqueItems: true },
    lines: { type: 'array', items: text, maxItems: 2 },
    pair: { type: 'array', prefixItems: [text, { type: 'number' }], items: false, minItems: 2 },
    anything: { type: 'array' },
  }),
  'alternatives and nulls': object({
    unknown_thing: { type: ['string', 'null'] },
    text: { type: ['string', 'null'] },
    shape: {
      oneOf: [
        object({ kind: { const: 'circle' }, radius: { type: 'number' } }),
        object({ kind: { const: 'square' }, side: { type: 'number' } }),
      ],
    },
    impossible_first: { anyOf: [false, { type: 'integer', minimum: 4, maximum: 3 }, { type: 'boolean' }] },
    constant: { const: { deep: [1, null] } },
    numbered: { enum: [3, 5] },
  }),
  'all of several': {
    allOf: [object({ a: text }, { additionalProperties: true }), { $ref: '#/$defs/more' }],
    $defs: { more: { properties: { b: { type: 'integer' } }, required: ['b', 'c'] } },
  },
  maps: object({
    record: { type: 'object', additionalProperties: { type: 'number' } },
    two: { type: 'object', additionalProperties: text, minProperties: 2 },
    named: {
      type: 'object',
      propertyNames: { enum: ['x', 'y'] },
      additionalProperties: text,
      minProperties: 1,
    },
    patterned: {
      type: 'object',
      patternProperties: { '^k\\d$': text },
      additionalProperties: false,
      minProperties: 1,
    },
    open: { type: 'object' },
  }),
  'words without a type': {
    properties: { a: {}, b: { minimum: 3 }, c: { items: { pattern: '^x$' } } },
    required: ['a', 'b', 'c'],
  },
  'a list at the root': { type: 'array', items: object({ text }), minItems: 1 },
  'a nullable object that nothing is known of': object({
    owner: { anyOf: [object({ iban: { type: 'string', pattern: '^[A-Z]{2}\\d{18}$' } }), { type: 'null' }] },
  }),
};
