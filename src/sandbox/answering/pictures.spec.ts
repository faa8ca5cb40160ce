import type { Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, create, ended, PHI_URLS, serveFiles } from '../sandbox.fixture.js';
import { outputText } from './output.js';
import { startSandbox, type Sandbox } from '../sandbox.js';

let sandbox: Sandbox;
let files: { origin: string; server: Server };

beforeAll(async () => {
  files = await serveFiles({ '/a.png': { bytes: Buffer.from('A') }, '/b.png': { bytes: Buffer.from('B') } });
  sandbox = await startSandbox({
    model: ({ pictures }) => pictures.map(({ bytes }) => Buffer.from(bytes).toString()).join('+'),
  });
});
afterAll(async () => {
  await sandbox.close();
  files.server.close();
});

const A = () => `${files.origin}/a.png`;
const B = () => `${files.origin}/b.png`;
const embedded = `data:image/png;base64,${Buffer.from('C').toString('base64')}`;
const message = (url: string) => ({ role: 'user', content: [{ type: 'image_url', image_url: { url } }] });

/** How each model names its pictures, and what it then sees. */
const forms: readonly (readonly [model: string, input: () => object, sees: string])[] = [
  ['yorickvp/llava-13b', () => ({ image: A() }), 'A'],
  ['lucataco/moondream2', () => ({ image: embedded }), 'C'],
  [`jimothyjohn/phi3-vision-instruct:${PHI_URLS}`, () => ({ image_urls: `${A()},${B()}` }), 'A+B'],
  ['openai/gpt-4o-mini', () => ({ image_input: [A(), embedded] }), 'A+C'],
  ['openai/gpt-4o-mini', () => ({ messages: [message(B())] }), 'B'],
  ['openai/gpt-4o-mini', () => ({ messages: [message(embedded)] }), 'C'],
  ['yorickvp/llava-v1.6-vicuna-13b', () => ({ image: A(), history: ['Hi', 'Hello'] }), 'A'],
  ['yorickvp/llava-v1.6-vicuna-13b', () => ({}), ''],
  ['nomagick/qwen-vl-chat', () => ({ image2: B(), image1: A() }), 'A+B'],
  ['chenxwh/deepseek-vl2', () => ({ text: 'x', image1: embedded, image3: B() }), 'C+B'],
  [
    'hayooucom/vision-llama3',
    () => ({ image_url: [A()], image_base64: [Buffer.from('D').toString('base64')] }),
    'A+D',
  ],
  ['lucataco/qwen2-vl-7b-instruct', () => ({ media: A() }), 'A'],
  ['hexiaochun/minicpm_v26', () => ({ file_url: A() }), 'A'],
  ['chenxwh/cogvlm2', () => ({ input_image: A() }), 'A'],
];

async function versionOf(model: string): Promise<string> {
  if (model.includes(':')) return model;
  const { latest_version: latest } = (await call('GET', `${sandbox.baseUrl}/models/${model}`)).body;
  const { id } = latest as { id: string };
  return id === 'hidden' ? model : id;
}

describe('the sandbox looks at the pictures', () => {
  it.each(forms)('that %s is given', async (model, input, sees) => {
    const body = { version: await versionOf(model), input: { prompt: 'x', ...input() } };
    const created = await call('POST', `${sandbox.baseUrl}/predictions`, { body });
    const { output, error } = (await ended(sandbox, created)).body;
    expect(error).toBeNull();
    expect(outputText(output)).toBe(model === 'chenxwh/deepseek-vl2' ? `{"text_out":"${sees}"}` : sees);
  });

  it('and fails when one cannot be had', async () => {
    const created = await create(sandbox, { input: { image: `${files.origin}/no.png` } });
    expect((await ended(sandbox, created)).body.error).toBe(
      `404 Client Error for url: ${files.origin}/no.png`,
    );
  });
});
