// The default model, in both its versions: the newer takes one `image`, the older one string of `image_urls`.
import type { PublishedModel } from './published-model.js';

/**
 * jimothyjohn/phi3-vision-instruct, the newest version first. The dates are not Replicate's, their order is.
 */
export const phiModels: readonly PublishedModel[] = [
  {
    owner: 'jimothyjohn',
    name: 'phi3-vision-instruct',
    official: false,
    runCount: 181,
    versions: [
      {
        id: 'ffcebb3e1c91ddc7eb66216dc604bc6cb843a419829364a8a407a99335450205',
        createdAt: '2024-10-01T12:00:00.000000Z',
        input: {
          required: ['image', 'prompt'],
          properties: {
            image: { type: 'string', format: 'uri', 'x-order': 0 },
            prompt: { type: 'string', 'x-order': 1 },
            max_new_tokens: { type: 'integer', default: 1024, minimum: 64, maximum: 2048, 'x-order': 2 },
            temperature: { type: 'number', default: 0.7, minimum: 0, maximum: 1, 'x-order': 3 },
            do_sample: { type: 'boolean', default: true, 'x-order': 4 },
          },
        },
        output: { type: 'string' },
      },
      {
        id: 'eb47203b095603b4189c941667c3e21b7aba6694af845dae9a889a348581ed17',
        createdAt: '2024-09-01T12:00:00.000000Z',
        input: {
          required: ['image_urls', 'prompt'],
          properties: {
            image_urls: { type: 'string', 'x-order': 0, description: 'Comma-separated URLs of images' },
            prompt: { type: 'string', 'x-order': 1, description: 'Input prompt' },
            max_new_tokens: {
              type: 'integer',
              'x-order': 2,
              default: 1024,
              minimum: 64,
              maximum: 2048,
              description: 'Max new tokens',
            },
            temperature: {
              type: 'number',
              'x-order': 3,
              default: 0.7,
              minimum: 0,
              maximum: 1,
              description: 'Temperature for generation',
            },
            do_sample: {
              type: 'boolean',
              'x-order': 4,
              default: true,
              description: 'Whether or not to use sampling; use greedy decoding otherwise.',
            },
          },
        },
        output: { type: 'string' },
      },
    ],
  },
];
