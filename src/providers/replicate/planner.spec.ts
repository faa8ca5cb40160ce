import { describe, expect, it } from 'vitest';
import type { Prompt } from '../../inference/conversation.js';
import type { ImagePayload, InferenceRequest } from '../../inference/inference.js';
import { ImageDelivery } from './image-delivery.js';
import { digestOf } from './input-digest.js';
import type { ModelInterface } from './model-interface.js';
import { assistant, FILE, modelOf, requestOf, TEXT, user } from './model-interface.fixture.js';
import type { ModelInterfacesStore, ResolvedModel } from './model-interfaces.store.js';
import { Planner } from './planner.js';

const CHAT = { messages: { type: 'array', items: { type: 'object' } } };
const BIG = { kind: 'bytes', bytes: new Uint8Array(300 * 1024), mediaType: 'image/png' } as const;
const FAR = { kind: 'address', url: 'https://a.example/1.png' } as const;
const UPLOADED = 'https://api.replicate.com/v1/files/1';
const signal = new AbortController().signal;

function plannerOf(model: ModelInterface): Planner {
  const resolved = { target: { kind: 'version', version: 'v' }, version: 'v', model } as ResolvedModel;
  const interfaces = { known: () => resolved } as unknown as ModelInterfacesStore;
  return new Planner(interfaces, new ImageDelivery({ upload: () => Promise.resolve(UPLOADED) }), 1000);
}

async function call(model: ModelInterface, prompt: Prompt, images: ImagePayload[]) {
  const planner = plannerOf(model);
  const plan = await planner.plan(requestOf({ prompt, imageCount: images.length }), signal);
  return planner.prepare(plan, images, signal);
}

describe('a call', () => {
  const model = modelOf({ prompt: TEXT, ...CHAT, image_input: { type: 'array', items: FILE } });

  it('has the images of messages in their places, and uploads none: only we could read them', async () => {
    const prompt = [user(0, 'Is it'), assistant('What?'), user(1, '?')];
    const { input, inputDigest } = await call(model, prompt, [BIG, FAR]);
    const data = `data:image/png;base64,${Buffer.from(BIG.bytes).toString('base64')}`;
    expect(input).toEqual({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: data } },
            { type: 'text', text: 'Is it' },
          ],
        },
        { role: 'assistant', content: 'What?' },
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: FAR.url } },
            { type: 'text', text: '?' },
          ],
        },
      ],
    });
    expect(inputDigest).toEqual(digestOf(input));
  });

  it('uploads the same image for the input of a single question', async () => {
    const { input } = await call(model, [user(0, 'What is it?')], [BIG]);
    expect(input).toEqual({ prompt: 'What is it?', image_input: [UPLOADED] });
  });
});

describe('a plan', () => {
  const plan = (more: Partial<InferenceRequest>) => {
    const planner = plannerOf(modelOf({ prompt: TEXT }));
    return planner.plan(requestOf(more), signal).then((made) => ({ made, paramOf: planner.paramOf(made) }));
  };

  it('tells what was left out of it', async () => {
    expect((await plan({ topK: 3, dropsUnsupported: true })).made.dropped).toEqual(['top_k']);
    expect((await plan({})).made.dropped).toEqual([]);
  });

  it("knows the caller's name of the prompt", async () => {
    expect((await plan({})).paramOf('prompt')).toBe('prompt');
    expect((await plan({ prompt: [user('Hi.')] })).paramOf('prompt')).toBe('messages');
  });
});
