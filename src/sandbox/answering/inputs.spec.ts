import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../json.js';
import { findModel } from '../models/catalogue.js';
import type { PublishedVersion } from '../models/published-model.js';
import { readPictures, readPrompt, readTokenLimit, withDefaults } from './inputs.js';

function versionOf(owner: string, name: string): PublishedVersion {
  const version = findModel(owner, name)?.versions[0];
  if (!version) throw new Error(`There is no ${owner}/${name}`);
  return version;
}

function readPictureUrls(input: JsonObject, version: PublishedVersion): string[] {
  return readPictures(input, version).map(({ url }) => url);
}

describe('the pictures of an input', () => {
  it.each([
    ['lucataco', 'qwen2-vl-7b-instruct', { media: 'https://x.example/a' }],
    ['hexiaochun', 'minicpm_v26', { file_url: 'https://x.example/a' }],
    ['chenxwh', 'cogvlm2', { input_image: 'https://x.example/a' }],
    ['openai', 'gpt-4o-mini', { image_input: ['https://x.example/a'] }],
  ])('are found whatever %s/%s calls them', (owner, name, input) => {
    expect(readPictureUrls(input, versionOf(owner, name))).toEqual(['https://x.example/a']);
  });

  it('are files where the schema says so', () => {
    const isFile = (owner: string, name: string, input: JsonObject) =>
      readPictures(input, versionOf(owner, name)).map((picture) => picture.isFile);
    expect(isFile('openai', 'gpt-4o-mini', { image_input: ['https://x.example/a'] })).toEqual([true]);
    expect(isFile('hayooucom', 'vision-llama3', { image_url: ['https://x.example/a'] })).toEqual([false]);
  });

  it('keep the order of numbered inputs', () => {
    const input = {
      image2: 'https://x.example/2',
      image1: 'https://x.example/1',
      files_archive: 'https://x.example/z',
    };
    expect(readPictureUrls(input, versionOf('nomagick', 'qwen-vl-chat'))).toEqual([
      'https://x.example/1',
      'https://x.example/2',
    ]);
  });

  it('may be bare base64 or sit in messages', () => {
    expect(readPictureUrls({ image_base64: ['AAAA'] }, versionOf('hayooucom', 'vision-llama3'))).toEqual([
      'data:;base64,AAAA',
    ]);
    const parts = [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: 'https://x.example/a' } },
    ];
    const input = { prompt: 'unused', messages: [{ role: 'user', content: parts }] };
    expect(readPictureUrls(input, versionOf('openai', 'gpt-4o-mini'))).toEqual(['https://x.example/a']);
    expect(readPrompt(input)).toBe('What is this?');
  });
});

describe('the defaults of a model', () => {
  it('stand in for what the input lacks', () => {
    const input = withDefaults({ image: 'https://x.example/a' }, versionOf('zsxkib', 'blip-3'));
    expect(readPrompt(input)).toBe('What is shown in the image?');
    expect(readTokenLimit(input)).toBe(768);
  });
});
