import { describe, expect, it } from 'vitest';
import { invalidInputFields } from './input-validation.js';
import { findModel } from './models/catalogue.js';

function complaints(model: string, input: Record<string, unknown>) {
  const [owner = '', name = ''] = model.split('/');
  const version = findModel(owner, name)?.versions[0];
  if (!version) throw new Error(`There is no ${model}`);
  return invalidInputFields(input, version);
}

describe('an input against its schema', () => {
  it('passes with unknown keys, which Replicate accepts', () => {
    expect(complaints('lucataco/moondream2', { image: 'https://x.example/a.png', anything: 1 })).toEqual([]);
  });

  it.each([
    [{ prompt: 5 }, 'invalid_type', 'input.prompt', 'Invalid type. Expected: string, given: integer'],
    [{ prompt: null }, 'invalid_type', 'input.prompt', 'Invalid type. Expected: string, given: null'],
    [
      { max_new_tokens: 64.5 },
      'invalid_type',
      'input.max_new_tokens',
      'Invalid type. Expected: integer, given: number',
    ],
    [{ max_new_tokens: 2049 }, 'number_lte', 'input.max_new_tokens', 'Must be less than or equal to 2048'],
    [{ temperature: -0.1 }, 'number_gte', 'input.temperature', 'Must be greater than or equal to 0'],
    [{ image: 'a.png' }, 'format', 'input.image', "Does not match format 'uri'"],
  ])('complains about %j', (wrong, type, field, description) => {
    const input = { image: 'https://x.example/a.png', prompt: 'Hello', ...wrong };
    expect(complaints('jimothyjohn/phi3-vision-instruct', input)).toEqual([{ type, field, description }]);
  });

  it('accepts a whole number where any number goes', () => {
    const input = { image: 'data:image/png;base64,AAAA', prompt: 'Hello', temperature: 1 };
    expect(complaints('jimothyjohn/phi3-vision-instruct', input)).toEqual([]);
  });

  it('names the choices where one is needed', () => {
    expect(
      complaints('hexiaochun/minicpm_v26', { file_url: 'https://x.example/a', file_type: 'sound' }),
    ).toEqual([
      {
        type: 'enum',
        field: 'input.file_type',
        description: 'file_type must be one of the following: "image", "video"',
      },
    ]);
  });

  it('looks into lists', () => {
    expect(complaints('hayooucom/vision-llama3', { image_url: ['https://x.example/a', 5] })).toEqual([
      {
        type: 'invalid_type',
        field: 'input.image_url.1',
        description: 'Invalid type. Expected: string, given: integer',
      },
    ]);
  });
});
