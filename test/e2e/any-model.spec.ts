// Every model of the sandbox's catalogue, asked through the gateway: where its create goes, what it is sent, what
// comes back and what is written down of it.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fullName, publishedModels } from '../../src/sandbox/models/catalogue.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, ledger, startAnew } from '../support/ledger.js';

let gateway: TestGateway;
let pictures: string[];
beforeAll(async () => {
  gateway = await startTestGateway({
    settings: { models: ['*'] },
    sandbox: {
      model: ({ prompt, pictures: seen }) =>
        `Saw ${seen.filter(({ bytes }) => bytes.length > 0).length}. You asked: ${prompt}`,
      // Fetches the sandbox's own pictures, as Replicate and its models do.
      fetchPicture: undefined,
    },
  });
  pictures = Object.values(gateway.sandbox.pictures);
});
afterAll(() => gateway.close());
afterEach(async () => {
  await expectOneBill(gateway);
  await startAnew(gateway);
});

const ask = (body: object, to = gateway) => to.send('/v1/completions', { method: 'POST', body });
const creates = () =>
  gateway.sandbox.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/predictions'));
const versionOf = (model: string) =>
  publishedModels.find((published) => fullName(published) === model)?.versions[0]?.id;
const dataUri = async (url = ''): Promise<string> => {
  const bytes = Buffer.from(await (await fetch(url)).arrayBuffer());
  return `data:image/png;base64,${bytes.toString('base64')}`;
};

const PHI_URLS = 'eb47203b095603b4189c941667c3e21b7aba6694af845dae9a889a348581ed17';
const PROMPT = 'What  is\nthis?';

interface Case {
  readonly model: string;
  readonly images: number;
  readonly input: (urls: readonly string[]) => object;
  /** Where the create goes; `/v1/predictions` where nothing is said, with `version`. */
  readonly path?: string;
  readonly version?: string;
}

const community: Case[] = [
  {
    model: 'jimothyjohn/phi3-vision-instruct',
    images: 1,
    input: ([image]) => ({ image, prompt: PROMPT }),
  },
  {
    model: `jimothyjohn/phi3-vision-instruct:${PHI_URLS}`,
    version: PHI_URLS,
    images: 2,
    input: (urls) => ({ image_urls: urls.join(','), prompt: PROMPT }),
  },
  {
    model: 'salesforce/blip',
    images: 1,
    input: ([image]) => ({ image, question: PROMPT, task: 'visual_question_answering' }),
  },
  { model: 'yorickvp/llava-13b', images: 1, input: ([image]) => ({ image, prompt: PROMPT }) },
  { model: 'yorickvp/llava-v1.6-vicuna-13b', images: 1, input: ([image]) => ({ image, prompt: PROMPT }) },
  { model: 'lucataco/moondream2', images: 1, input: ([image]) => ({ image, prompt: PROMPT }) },
  { model: 'zsxkib/blip-3', images: 1, input: ([image]) => ({ image, question: PROMPT }) },
  {
    model: 'nomagick/qwen-vl-chat',
    images: 2,
    input: ([image1, image2]) => ({ image1, image2, prompt: PROMPT }),
  },
  { model: 'hayooucom/vision-llama3', images: 2, input: (urls) => ({ image_url: urls, prompt: PROMPT }) },
  { model: 'chenxwh/cogvlm2', images: 1, input: ([image]) => ({ input_image: image, prompt: PROMPT }) },
  {
    model: 'justmalhar/meta-llama-3.2-11b-vision',
    images: 1,
    input: ([image]) => ({ image, prompt: PROMPT }),
  },
  { model: 'hexiaochun/minicpm_v26', images: 1, input: ([file_url]) => ({ file_url, prompt: PROMPT }) },
  { model: 'baaivision/emu3-chat', images: 1, input: ([image]) => ({ image, text: PROMPT }) },
  { model: 'lucataco/qwen2-vl-7b-instruct', images: 1, input: ([media]) => ({ media, prompt: PROMPT }) },
  {
    model: 'chenxwh/deepseek-vl2',
    images: 3,
    input: ([image1, image2, image3]) => ({ image1, image2, image3, text: PROMPT }),
  },
  { model: 'kyrick/prompt-parrot', images: 0, input: () => ({ prompt: PROMPT }) },
];

const named: Case[] = [
  {
    model: 'openai/gpt-4o-mini',
    path: '/v1/models/openai/gpt-4o-mini/predictions',
    images: 2,
    input: (urls) => ({ image_input: urls, prompt: PROMPT }),
  },
  {
    model: 'meta/meta-llama-3-8b-instruct',
    path: '/v1/models/meta/meta-llama-3-8b-instruct/predictions',
    images: 0,
    input: () => ({ prompt: PROMPT }),
  },
  {
    model: 'deployments/acme/claims-vision',
    path: '/v1/deployments/acme/claims-vision/predictions',
    images: 1,
    input: ([image]) => ({ image, prompt: PROMPT }),
  },
];

const mute = ['cjwbw/rembg', 'acme/speechless'];

describe('a model of the catalogue', () => {
  it('is in this table, or among those without words', () => {
    const known = [...community, ...named].map(({ model }) => model.replace(/:.*/, ''));
    const models = new Set([...known, ...mute].filter((name) => !name.startsWith('deployments/')));
    expect(models).toEqual(new Set(publishedModels.map(fullName)));
  });

  it.each([...community, ...named])('answers, and is asked in its own way: $model', async (asked) => {
    const { model, images, input, path = '/v1/predictions', version = versionOf(model) } = asked;
    const urls = pictures.slice(0, images);
    const { status, json, text } = await ask({
      model,
      prompt: PROMPT,
      ...(images > 0 && { image_urls: urls }),
    });
    expect(status, text).toBe(200);
    expect(json).toMatchObject({
      object: 'text_completion',
      model,
      choices: [{ text: `Saw ${images}. You asked: ${PROMPT}`, finish_reason: 'stop' }],
    });
    const isVersioned = path === '/v1/predictions';
    const body = { input: input(urls), ...(isVersioned && { version }) };
    expect(creates().map(({ path: to, body: sent }) => [to, sent])).toEqual([[path, body]]);
    await expectOneBill(gateway);
    expect(await ledger(gateway)).toMatchObject([
      {
        ...{ model, upstream: model.replace(/:.*/, ''), images, state: 'succeeded' },
        upstream_id: (json as { id: string }).id,
        billing: model.startsWith('deployments/') ? 'run_time' : 'unpriced',
      },
    ]);
  });

  it.each([
    ['the version that ran', 'yorickvp/llava-13b', versionOf('yorickvp/llava-13b')],
    ['none, where Replicate picks it', 'openai/gpt-4o-mini', null],
    ['that of the release', 'deployments/acme/claims-vision', versionOf('yorickvp/llava-13b')],
  ])('has %s in the ledger', async (_, model, version) => {
    const { status } = await ask({ model, prompt: PROMPT, image_urls: pictures[0] });
    expect(status).toBe(200);
    expect(await ledger(gateway)).toMatchObject([{ model, version }]);
  });

  it('takes bare base64 where a picture has no address', async () => {
    const [first = '', second = ''] = await Promise.all(pictures.slice(0, 2).map(dataUri));
    const image_urls = [first, second];
    const { json } = await ask({ model: 'hayooucom/vision-llama3', prompt: PROMPT, image_urls });
    expect(json).toMatchObject({ choices: [{ text: `Saw 2. You asked: ${PROMPT}` }] });
    const base64 = [first, second].map((uri) => uri.slice(uri.indexOf(',') + 1));
    expect(creates()[0]?.body).toHaveProperty('input', { image_base64: base64, prompt: PROMPT });
  });

  it('is given an address and a picture without one in the same form', async () => {
    const image_urls = [pictures[0], await dataUri(pictures[1])];
    const { json } = await ask({ model: 'hayooucom/vision-llama3', prompt: PROMPT, image_urls });
    expect(json).toMatchObject({ choices: [{ text: `Saw 2. You asked: ${PROMPT}` }] });
    const { input } = creates()[0]?.body as { input: { image_base64: string[] } };
    expect(input.image_base64).toHaveLength(2);
    expect(input).not.toHaveProperty('image_url');
  });

  it('is asked for its schema once, however many ask at the same time', async () => {
    const fresh = await startTestGateway({ settings: { models: ['lucataco/*'] } });
    try {
      const image_urls = 'https://example.com/image.jpg';
      const body = { model: 'lucataco/moondream2', prompt: PROMPT, image_urls };
      const answers = await Promise.all(Array.from({ length: 8 }, () => ask(body, fresh)));
      for (const { status } of answers) expect(status).toBe(200);
      const reads = fresh.sandbox.requests.filter(({ path }) => path.startsWith('/v1/models/'));
      expect(reads.map(({ path }) => path)).toEqual(['/v1/models/lucataco/moondream2']);
      await expectOneBill(fresh);
    } finally {
      await fresh.close();
    }
  });
});

describe('a model without words', () => {
  it.each([
    ['cjwbw/rembg', 'answers with files, not with text'],
    ['acme/nobody', 'does not exist at its provider'],
    ['deployments/acme/nobody', 'does not exist at its provider'],
    [`yorickvp/llava-13b:${'0'.repeat(64)}`, 'does not exist at its provider'],
  ])('is refused with the reason, for nothing: %s', async (model, reason) => {
    const { status, json } = await ask({ model, prompt: PROMPT, image_urls: pictures[0] });
    expect(status).toBe(404);
    expect(json).toMatchObject({
      error: {
        ...{ type: 'invalid_request_error', code: 'model_not_found', param: 'model' },
        message: expect.stringContaining(reason) as string,
      },
    });
    expect(creates()).toHaveLength(0);
    expect(await ledger(gateway)).toHaveLength(0);
  });

  it('is a 502 where only its answer shows it, and its run is in the ledger', async () => {
    const model = 'acme/speechless';
    gateway.sandbox.script({ run: 20 });
    const { status, json, headers } = await ask({ model, prompt: PROMPT, image_urls: pictures[0] });
    expect(status).toBe(502);
    expect(json).toMatchObject({ error: { code: 'upstream_invalid_response' } });
    expect(headers['x-should-retry']).toBe('false');
    await expectOneBill(gateway);
    expect(await ledger(gateway)).toMatchObject([{ model, state: 'succeeded', billing: 'unpriced' }]);
  });
});
