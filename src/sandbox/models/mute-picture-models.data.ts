// Models that take a picture and cannot be asked for text: one answers with a file, one with nothing.
// They are here so that a caller can be shown to refuse the first and to survive the second.
import type { PublishedModel } from './published-model.js';

/** The first is public, known from its many callers; the second is the sandbox's own. */
export const mutePictureModels: readonly PublishedModel[] = [
  {
    owner: 'cjwbw',
    name: 'rembg',
    official: false,
    runCount: 0,
    versions: [
      {
        id: 'fb8af171cfa1616ddcf1242c093f9c46bcada5ad4cf6f2fbe8b81b330ec5c003',
        createdAt: '2022-11-01T12:00:00.000000Z',
        input: {
          required: ['image'],
          properties: { image: { type: 'string', format: 'uri', 'x-order': 0 } },
        },
        output: { type: 'string', format: 'uri' },
      },
    ],
  },
  {
    owner: 'acme',
    name: 'speechless',
    official: false,
    runCount: 0,
    versions: [
      {
        id: '0acce55000000000000000000000000000000000000000000000000000000000',
        createdAt: '2026-01-01T12:00:00.000000Z',
        input: {
          required: ['image', 'prompt'],
          properties: {
            image: { type: 'string', format: 'uri', 'x-order': 0 },
            prompt: { type: 'string', 'x-order': 1 },
          },
        },
        output: { type: 'string', nullable: true },
      },
    ],
  },
];
