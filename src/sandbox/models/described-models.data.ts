// Models whose schema is known from Replicate's pages and sources instead of a fetched version document.
// They add what the others lack: an official vision model, an answer that is an object, a `media` field.
import type { PublishedModel } from './published-model.js';

const tokenStream = {
  type: 'array',
  items: { type: 'string' },
  'x-cog-array-type': 'iterator',
  'x-cog-array-display': 'concatenate',
} as const;

const uri = { type: 'string', format: 'uri' } as const;

/** An official model is run by its name alone; Replicate then calls its version `hidden`. */
export const describedModels: readonly PublishedModel[] = [
  {
    owner: 'openai',
    name: 'gpt-4o-mini',
    official: true,
    runCount: 0,
    versions: [
      {
        id: 'hidden',
        createdAt: '2025-05-01T12:00:00.000000Z',
        input: {
          properties: {
            prompt: { type: 'string', nullable: true, 'x-order': 0 },
            system_prompt: { type: 'string', nullable: true, 'x-order': 1 },
            messages: { type: 'array', items: { type: 'object' }, default: [], 'x-order': 2 },
            image_input: { type: 'array', items: uri, default: [], 'x-order': 3 },
            temperature: { type: 'number', default: 1, minimum: 0, maximum: 2, 'x-order': 4 },
            max_completion_tokens: { type: 'integer', default: 4096, 'x-order': 5 },
            top_p: { type: 'number', default: 1, minimum: 0, maximum: 1, 'x-order': 6 },
            frequency_penalty: { type: 'number', default: 0, minimum: -2, maximum: 2, 'x-order': 7 },
            presence_penalty: { type: 'number', default: 0, minimum: -2, maximum: 2, 'x-order': 8 },
          },
        },
        output: tokenStream,
      },
    ],
  },
  {
    owner: 'lucataco',
    name: 'qwen2-vl-7b-instruct',
    official: false,
    runCount: 0,
    versions: [
      {
        id: 'bf57361c75677fc33d480d0c5f02926e621b2caa2000347cb74aeae9d2ca07ee',
        createdAt: '2024-10-01T12:00:00.000000Z',
        input: {
          required: ['media'],
          properties: {
            media: { ...uri, 'x-order': 0 },
            prompt: { type: 'string', default: 'Describe this in detail.', 'x-order': 1 },
            max_new_tokens: { type: 'integer', default: 128, minimum: 1, maximum: 512, 'x-order': 2 },
          },
        },
        output: { type: 'string' },
      },
    ],
  },
  {
    owner: 'chenxwh',
    name: 'deepseek-vl2',
    official: false,
    runCount: 0,
    versions: [
      {
        id: '8ea887897e772107ce53f3a7fa4850e78ae88b2b73ff854b4700db9f0d59c7cb',
        createdAt: '2025-02-01T12:00:00.000000Z',
        input: {
          required: ['image1', 'text'],
          properties: {
            image1: { ...uri, 'x-order': 0 },
            image2: { ...uri, nullable: true, 'x-order': 1 },
            image3: { ...uri, nullable: true, 'x-order': 2 },
            text: { type: 'string', 'x-order': 3 },
            temperature: { type: 'number', default: 0.1, minimum: 0, maximum: 1, 'x-order': 4 },
            top_p: { type: 'number', default: 0.9, minimum: 0, maximum: 1, 'x-order': 5 },
            repetition_penalty: { type: 'number', default: 1.1, minimum: 0, maximum: 2, 'x-order': 6 },
            max_new_tokens: { type: 'integer', default: 2048, minimum: 0, maximum: 4096, 'x-order': 7 },
          },
        },
        output: {
          type: 'object',
          required: ['text_out'],
          properties: { text_out: { type: 'string' }, img_out: { ...uri, nullable: true } },
        },
      },
    ],
  },
];
