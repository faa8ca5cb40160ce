import { describe, expect, it } from 'vitest';
import { askedJson } from './asked-json.js';

const schema = { type: 'object', properties: { total: { type: 'number' } } };
const minified = JSON.stringify(schema);

describe('JSON that is asked for', () => {
  it.each([
    `Answer with JSON that fits this JSON Schema:\n${minified}`,
    `Read it.\n\nReply only with JSON. Schema: \`\`\`json\n${JSON.stringify(schema, null, 2)}\n\`\`\` No prose.`,
    `JSON schema ${minified} for example {"total": 1} or {broken`,
    `An earlier one: {"type":"string"}. Now the JSON schema is ${minified}.`,
  ])('has the last schema in %j', (text) => {
    expect(askedJson(text)).toEqual({ schema });
  });

  it('has a schema whose strings contain brackets', () => {
    const odd = { type: 'object', properties: { 'a}"{': { description: '}}\\"{' } } };
    expect(askedJson(`JSON: ${JSON.stringify(odd)}`)).toEqual({ schema: odd });
  });

  it.each(['Answer with a JSON object.', 'Respond in JSON', 'The answer must be valid JSON.'])(
    'is any object in %j',
    (text) => {
      expect(askedJson(text)).toEqual({});
    },
  );

  it.each(['What is this?', `What does ${minified} mean?`, 'Who is Jason?', 'JSON: what is it?'])(
    'is none in %j',
    (text) => {
      expect(askedJson(text)).toBeUndefined();
    },
  );

  it('has no schema in an answer that has a type of its own', () => {
    expect(askedJson('Answer in JSON, unlike {"type":"invoice","properties":{}}')).toEqual({});
  });
});
