// Models that take no picture, with the schemas that Replicate publishes.
import type { PublishedModel } from './published-model.js';

/** One official text model and one of the community, which names nothing but its prompt. */
export const textModels: readonly PublishedModel[] = [
  {
    owner: 'meta',
    name: 'meta-llama-3-8b-instruct',
    official: true,
    runCount: 280402234,
    versions: [
      {
        id: '5a6809ca6288247d06daf6365557e5e429063f32a21146b2a807c682652136b8',
        createdAt: '2024-10-01T12:00:00.000000Z',
        input: {
          properties: {
            prompt: { type: 'string', default: '', 'x-order': 0 },
            min_tokens: { type: 'integer', default: 0, 'x-order': 1 },
            max_tokens: { type: 'integer', default: 512, 'x-order': 2 },
            temperature: { type: 'number', default: 0.6, 'x-order': 3 },
            top_p: { type: 'number', default: 0.9, 'x-order': 4 },
            top_k: { type: 'integer', default: 50, 'x-order': 5 },
            presence_penalty: { type: 'number', default: 1.15, 'x-order': 6 },
            frequency_penalty: { type: 'number', default: 0.2, 'x-order': 7 },
            prompt_template: { type: 'string', default: '{prompt}', 'x-order': 8 },
          },
        },
        output: {
          type: 'array',
          items: { type: 'string' },
          'x-cog-array-type': 'iterator',
          'x-cog-array-display': 'concatenate',
        },
      },
    ],
  },
  {
    owner: 'kyrick',
    name: 'prompt-parrot',
    official: false,
    runCount: 251355,
    versions: [
      {
        id: '7349c6ce7eb83fc9bc2e98e505a55ee28d7a8f4aa5fb6f711fad18724b4f2389',
        createdAt: '2024-10-01T12:00:00.000000Z',
        input: { properties: { prompt: { type: 'string', default: 'a beautiful painting', 'x-order': 0 } } },
        output: { type: 'string' },
      },
    ],
  },
];
