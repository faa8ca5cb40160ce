import { describe, expect, it } from 'vitest';
import { shapedOutput } from '../answering/output.js';
import { fullName, publishedModels } from './catalogue.js';
import { modelBody } from './model.wire.js';

describe('the models of the sandbox', () => {
  it('have names and version ids of their own', () => {
    const names = publishedModels.map(fullName);
    const ids = publishedModels.flatMap((model) => model.versions.map(({ id }) => id));
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => id !== 'hidden')).toEqual(
      ids.filter((id) => id !== 'hidden').map(() => expect.stringMatching(/^[0-9a-f]{64}$/) as string),
    );
  });

  it('define every choice that an input refers to', () => {
    for (const { versions } of publishedModels) {
      for (const { input, choices = {} } of versions) {
        const references = Object.values(input.properties).flatMap(({ allOf = [] }) =>
          allOf.map(({ $ref }) => $ref),
        );
        expect(Object.keys(choices).map((name) => `#/components/schemas/${name}`)).toEqual(references);
      }
    }
  });

  it('answer in as many shapes as there are', () => {
    const shapes = publishedModels.map(({ versions }) =>
      JSON.stringify(versions[0] && shapedOutput('a b', versions[0].output)),
    );
    expect(new Set(shapes)).toEqual(
      new Set([
        '"a b"',
        '["a ","b"]',
        '["a b"]',
        '{"text_out":"a b"}',
        '"https://replicate.delivery/sandbox/output.png"',
        'null',
      ]),
    );
  });

  it('show choices as a component of their own, by reference', () => {
    const blip = publishedModels.find((model) => fullName(model) === 'salesforce/blip');
    expect(blip && modelBody(blip)).toMatchObject({
      latest_version: {
        openapi_schema: {
          components: {
            schemas: {
              Input: { properties: { task: { allOf: [{ $ref: '#/components/schemas/task' }] } } },
              task: {
                enum: ['image_captioning', 'visual_question_answering', 'image_text_matching'],
                type: 'string',
                title: 'task',
                description: 'An enumeration.',
              },
            },
          },
        },
      },
    });
  });
});
