// Models that are told the earlier turns of a conversation in an input of their own, with the schemas that
// Replicate publishes for them.
import type { PublishedModel } from './published-model.js';

/** LLaVA 1.6, whose `history` holds what was said in turn, the user first. */
export const conversationModels: readonly PublishedModel[] = [
  {
    owner: 'yorickvp',
    name: 'llava-v1.6-vicuna-13b',
    official: false,
    runCount: 3342965,
    versions: [
      {
        id: '0603dec596080fa084e26f0ae6d605fc5788ed2b1a0358cd25010619487eae63',
        createdAt: '2024-10-01T12:00:00.000000Z',
        input: {
          required: ['prompt'],
          properties: {
            image: { type: 'string', format: 'uri', 'x-order': 0 },
            prompt: { type: 'string', 'x-order': 1 },
            top_p: { type: 'number', default: 1, minimum: 0, maximum: 1, 'x-order': 2 },
            temperature: { type: 'number', default: 0.2, minimum: 0, 'x-order': 3 },
            max_tokens: { type: 'integer', default: 1024, minimum: 0, 'x-order': 4 },
            history: {
              type: 'array',
              items: { type: 'string' },
              'x-order': 5,
              description:
                'List of earlier chat messages, alternating roles, starting with user input. Include <image> to specify which message to attach the image to.',
            },
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
];
