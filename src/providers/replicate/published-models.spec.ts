// What becomes of a typical request to each of 70 models on Replicate, by the schemas that they publish.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { InferenceRequest } from '../../inference/inference.js';
import { planInput, withImages } from './input.js';
import { type ModelInterface, readModelInterface } from './model-interface.js';
import { assistant, requestOf, user } from './model-interface.fixture.js';
import { faultsOf, type Schemas } from './schema-check.fixture.js';

interface PublishedModel {
  readonly kind: 'vision' | 'text';
  readonly model: string;
  readonly schema: Schemas & {
    readonly Input: { readonly properties: Record<string, { minimum?: number; maximum?: number }> };
  };
  readonly example: { readonly input: Record<string, unknown> };
}

const file = new URL('../../../test/fixtures/replicate-models.json', import.meta.url);
const published = JSON.parse(readFileSync(file, 'utf8')) as PublishedModel[];

const PROMPT = 'What is in the picture?';
const SYSTEM = 'Answer in one word.';
const IMAGE = 'https://images.example/cat.jpg';

/** Names, told apart by other rules than ours. */
const LIMITS = /^max.*(token|length|sequence)/;
const HEATS = /^temperature$/;

function read({ schema }: PublishedModel): ModelInterface {
  const reading = readModelInterface({ components: { schemas: schema } });
  if (!reading || 'uncallable' in reading) throw new Error(JSON.stringify(reading));
  return reading.model;
}

function requestFor(
  { kind, schema }: PublishedModel,
  more: Partial<InferenceRequest> = {},
): InferenceRequest {
  const { temperature } = schema.Input.properties;
  return requestOf({
    prompt: PROMPT,
    system: SYSTEM,
    imageCount: kind === 'vision' ? 1 : 0,
    maxTokens: 300,
    stop: ['END'],
    ...(temperature && {
      temperature: Math.min(temperature.maximum ?? 1, Math.max(temperature.minimum ?? 0, 0.6)),
    }),
    ...more,
  });
}

function inputFor(model: PublishedModel, more: Partial<InferenceRequest> = {}): Record<string, unknown> {
  const known = read(model);
  const planned = planInput(requestFor(model, more), known);
  const [form] = planned.imageForms;
  return withImages(
    planned,
    known,
    form ? [{ form, value: form === 'base64' ? 'iVBORw0KGgo=' : IMAGE }] : [],
  );
}

/** What of the request has not reached the model. */
function lostOn(model: PublishedModel): string[] {
  const input = inputFor(model);
  const names = Object.keys(model.schema.Input.properties);
  const values = Object.values(input);
  const heat = requestFor(model).temperature;
  return [
    ...(values.some((value) => String(value).includes(PROMPT)) ? [] : ['prompt']),
    ...(values.some((value) => String(value).includes(SYSTEM)) ? [] : ['system prompt']),
    ...(model.kind === 'text' || values.flat().includes(IMAGE) ? [] : ['image']),
    ...(names.some((name) => LIMITS.test(name)) && !Object.keys(input).some((name) => LIMITS.test(name))
      ? ['token limit']
      : []),
    ...(names.some((name) => HEATS.test(name)) && input.temperature !== heat ? ['temperature'] : []),
  ];
}

describe.each(published.map((model) => [model.model, model] as const))('%s', (_, model) => {
  it('takes the input of a typical request', () => {
    expect(faultsOf(inputFor(model), model.schema)).toEqual([]);
  });

  it('takes the input of a conversation of three turns, with all of its words', () => {
    const known = read(model);
    const imageCount = model.kind === 'vision' ? (known.images[0]?.minimum ?? 0) : 0;
    const pictures = Array.from({ length: imageCount }, (_, image) => image);
    const prompt = [user(...pictures, PROMPT), assistant('A cat.'), user('Is it asleep?')];
    const planned = planInput(requestFor(model, { prompt, imageCount }), known);
    const images = pictures.flatMap(() =>
      planned.imageForms.slice(0, 1).map((form) => ({ form, value: IMAGE })),
    );
    const input = withImages(planned, known, images);
    expect(faultsOf(input, model.schema)).toEqual([]);
    const said = JSON.stringify(input);
    const places = [PROMPT, 'A cat.', 'Is it asleep?'].map((text) => said.lastIndexOf(text));
    expect(places.every((place) => place > 0)).toBe(true);
    expect(said).toContain(SYSTEM);
  });

  it('takes penalties where it has them, and refuses them by their names where not', () => {
    const known = read(model);
    for (const [param, key] of [
      ['frequency_penalty', 'frequencyPenalty'],
      ['presence_penalty', 'presencePenalty'],
    ] as const) {
      const plan = () => planInput(requestFor(model, { [key]: 0.5 }), known).fields;
      if (param in model.schema.Input.properties) expect(plan()).toMatchObject({ [param]: 0.5 });
      else expect(plan).toThrow(`'${param}' is not supported`);
    }
  });

  it('takes the input of a request for no more than an answer', () => {
    const { prompt, imageCount } = requestFor(model);
    const known = read(model);
    const planned = planInput(requestOf({ prompt, imageCount }), known);
    const images = planned.imageForms.slice(0, 1).map((form) => ({ form, value: IMAGE }));
    expect(faultsOf(withImages(planned, known, images), model.schema)).toEqual([]);
  });
});

const cold = published.filter(({ schema }) => schema.Input.properties.temperature?.minimum === 0);

it.each(cold.map((model) => [model.model, model] as const))(
  '%s decodes greedily at temperature 0',
  (_, model) => {
    const input = inputFor(model, { temperature: 0 });
    expect(input.do_sample === false || input.temperature === 0).toBe(true);
    expect(faultsOf(input, model.schema)).toEqual([]);
  },
);

describe('the 70 models together', () => {
  it('lose nothing of a typical request, all but the listed', () => {
    const lost = published
      .map((model) => [model.model, lostOn(model)] as const)
      .filter(([, parts]) => parts.length > 0);
    expect({ models: published.length, whole: published.length - lost.length, lost }).toMatchInlineSnapshot(`
      {
        "lost": [],
        "models": 70,
        "whole": 70,
      }
    `);
  });

  it('are asked in the inputs of their own examples, all but the listed', () => {
    const otherwise = published.flatMap((model) => {
      const known = read(model);
      const { input } = model.example;
      const ours = [
        known.prompt.name,
        ...(model.kind === 'vision' ? (known.images[0]?.names.slice(0, 1) ?? []) : []),
      ];
      const missing = ours.filter((name) => !(name in input));
      return missing.length > 0
        ? [`${model.model}: ${missing.join()} is not in ${Object.keys(input).join()}`]
        : [];
    });
    expect(otherwise).toMatchInlineSnapshot(`
      [
        "salesforce/blip: question is not in task,image",
        "zsxkib/blip-3: question is not in image,query,do_sample,num_beams,max_new_tokens",
        "jimothyjohn/phi3-vision-instruct: image is not in prompt,do_sample,image_urls,temperature,max_new_tokens",
        "yuni-eng/image-to-color: question is not in image",
      ]
    `);
  });

  it("are given images where their examples' addresses are", () => {
    const pictures = published.flatMap((model) => {
      const isPicture = (value: unknown) => /^https:.*\.(jpe?g|png|webp|gif)$/i.test(String(value));
      const names = Object.entries(model.example.input).flatMap(([name, value]) => {
        return [value].flat().some(isPicture) && name in model.schema.Input.properties ? [name] : [];
      });
      return model.kind === 'vision' && names.length > 0 ? [{ model, names }] : [];
    });
    expect(pictures.length).toBeGreaterThan(30);
    for (const { model, names } of pictures) {
      expect(read(model).images.flatMap((channel) => channel.names)).toEqual(expect.arrayContaining(names));
    }
  });
});
