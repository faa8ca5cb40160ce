import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { call, create, echo, ended, PHI_IMAGE, read } from '../sandbox.fixture.js';
import { startSandbox, type Sandbox } from '../sandbox.js';

const LLAVA = '80537f9eead1a5bfa72d5ac6ea6414379be41d4d4f6679fd776e9535d1eb58bb';
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox({ model: echo, maxHold: 150, token: 'r8_spec' });
});
afterEach(() => {
  sandbox.reset();
});
afterAll(() => sandbox.close());

describe('a create without Prefer', () => {
  it('answers 201 and starting, with every field of the wire format in its order', async () => {
    const created = await create(sandbox, { input: { prompt: 'Hello', do_sample: true, a: { z: 1, b: 2 } } });
    const id = String(created.body.id);
    expect(created.status).toBe(201);
    expect(id).toMatch(/^[a-z0-9]{26}$/);
    expect(created.body.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(created.text).toBe(
      JSON.stringify({
        id,
        model: 'jimothyjohn/phi3-vision-instruct',
        version: PHI_IMAGE,
        input: { a: { b: 2, z: 1 }, do_sample: true, image: 'data:image/png;base64,AAAA', prompt: 'Hello' },
        logs: '',
        output: null,
        data_removed: false,
        error: null,
        status: 'starting',
        created_at: created.body.created_at,
        urls: {
          cancel: `${sandbox.baseUrl}/predictions/${id}/cancel`,
          get: `${sandbox.baseUrl}/predictions/${id}`,
          stream: (created.body.urls as { stream: string }).stream,
          web: `https://replicate.com/p/${id}`,
        },
      }),
    );
    expect(created.headers).toMatchObject({ 'ratelimit-remaining': '599', 'ratelimit-reset': '1' });
    expect(created.headers).not.toHaveProperty('preference-applied');
  });

  it('can be read when it has ended, with microseconds and metrics', async () => {
    const done = await ended(sandbox, await create(sandbox));
    expect(done.body).toMatchObject({ status: 'succeeded', output: 'Hello (1)', source: 'api', error: null });
    expect(done.body.created_at).toMatch(/\.\d{3}000Z$/);
    expect(done.body.completed_at).toMatch(/\.\d{6}Z$/);
    expect(Object.keys(done.body.metrics as object)).toEqual(['predict_time', 'total_time']);
  });
});

describe('a create with Prefer: wait', () => {
  const headers = { prefer: 'wait=10' };

  it('answers 201 with the full output under processing, as recorded', async () => {
    const created = await create(sandbox, { headers });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ status: 'processing', output: 'Hello (1)' });
    expect(created.body).not.toHaveProperty('metrics');
    expect(created.body).not.toHaveProperty('completed_at');
    expect(created.headers['preference-applied']).toBe('wait=10');
    expect(created.headers.location).toBe((created.body.urls as { get: string }).get);
    expect((await read(sandbox, created)).body.status).toBe('succeeded');
  });

  it('answers 201 and succeeded when told so', async () => {
    sandbox.script({ waitStatus: 'succeeded' });
    const created = await create(sandbox, { headers });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ status: 'succeeded', output: 'Hello (1)' });
    expect(created.body).toHaveProperty('metrics');
  });

  it('answers 202 without the output when the wait runs out', async () => {
    sandbox.script({ boot: 60_000 });
    const created = await create(sandbox, { headers });
    expect(created.status).toBe(202);
    expect(created.body).toMatchObject({ status: 'starting', output: null });
  });

  it('shows with 202 only the beginning of an answer that still grows', async () => {
    sandbox.script({ run: 60_000, output: ['one ', 'two ', 'three'] });
    const created = await create(sandbox, { headers, version: LLAVA });
    expect(created.status).toBe(202);
    expect(created.body).toMatchObject({ status: 'processing', output: [] });
  });

  it('refuses a wait of more than a minute', async () => {
    const created = await create(sandbox, { headers: { prefer: 'wait=61' } });
    expect(created.status).toBe(422);
    expect(sandbox.bill.creates).toBe(0);
  });
});

describe('what a create names', () => {
  it.each([PHI_IMAGE, `jimothyjohn/phi3-vision-instruct:${PHI_IMAGE}`])(
    'accepts the version %s',
    async (version) => {
      expect((await create(sandbox, { version })).body.version).toBe(PHI_IMAGE);
    },
  );

  it('accepts an official model by its name alone, in the body and in the path', async () => {
    const input = { prompt: 'Hello' };
    const named = await create(sandbox, { version: 'meta/meta-llama-3-8b-instruct' });
    const inPath = await call('POST', `${sandbox.baseUrl}/models/openai/gpt-4o-mini/predictions`, {
      body: { input },
    });
    expect(named).toMatchObject({ status: 201, body: { model: 'meta/meta-llama-3-8b-instruct' } });
    expect(inPath).toMatchObject({ status: 201, body: { model: 'openai/gpt-4o-mini', version: 'hidden' } });
  });

  it('gives the answer of an iterator model in pieces', async () => {
    const created = await create(sandbox, { version: 'openai/gpt-4o-mini', input: { prompt: 'one two' } });
    expect((await ended(sandbox, created)).body.output).toEqual(['one ', 'two ', '(0)']);
  });

  it('does not find a community model under /models', async () => {
    const url = `${sandbox.baseUrl}/models/jimothyjohn/phi3-vision-instruct/predictions`;
    const answer = await call('POST', url, { body: { input: { prompt: 'Hello' } } });
    expect(answer.status).toBe(404);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.text).toBe('{"detail":"The requested resource could not be found.","status":404}');
  });

  it.each(['jimothyjohn/phi3-vision-instruct', '0'.repeat(64), `yorickvp/llava-13b:${PHI_IMAGE}`, 'latest'])(
    'refuses the version %s',
    async (version) => {
      const answer = await create(sandbox, { version });
      expect(answer.status).toBe(422);
      expect(answer.text).toBe(
        '{"title":"Invalid version or not permitted","detail":"The specified version does not exist (or perhaps you don\'t have permission to use it?)","status":422}',
      );
    },
  );
});

describe('a create that is refused', () => {
  it('says what is wrong with the input, field by field', async () => {
    const body = { version: PHI_IMAGE, input: { image: 'https://x.example/a.png', max_new_tokens: 5 } };
    const answer = await call('POST', `${sandbox.baseUrl}/predictions`, { body });
    expect(answer.status).toBe(422);
    expect(answer.text).toBe(
      '{"detail":"- input: prompt is required\\n- input.max_new_tokens: Must be greater than or equal to 64\\n","status":422,"title":"Input validation failed","invalid_fields":[{"type":"required","field":"input","description":"prompt is required"},{"type":"number_gte","field":"input.max_new_tokens","description":"Must be greater than or equal to 64"}]}',
    );
    expect(sandbox.bill.creates).toBe(0);
  });

  it('refuses other keys beside version and input, and names a missing version', async () => {
    const body = { model: 'jimothyjohn/phi3-vision-instruct', input: {} };
    const answer = await call('POST', `${sandbox.baseUrl}/predictions`, { body });
    expect(answer.body.detail).toBe('- version is required\n- Additional property model is not allowed\n');
    expect(answer.body.invalid_fields).toEqual([
      { type: 'required', field: '', description: 'version is required' },
      {
        type: 'additional_property_not_allowed',
        field: '',
        description: 'Additional property model is not allowed',
      },
    ]);
  });

  it('refuses a request without a token and with another one', async () => {
    const url = `${sandbox.baseUrl}/predictions`;
    const without = await call('GET', url, { headers: { authorization: '' } });
    const other = await call('GET', url, { headers: { authorization: 'Bearer r8_other' } });
    expect(without.text).toBe(
      '{"title":"Unauthenticated","detail":"You did not pass an authentication token","status":401}\n',
    );
    expect(other.text).toBe(
      '{"title":"Unauthenticated","detail":"You did not pass a valid authentication token","status":401}\n',
    );
    expect([without.status, other.status]).toEqual([401, 401]);
    expect(other.headers['content-type']).toBe('application/problem+json');
    expect(other.headers).not.toHaveProperty('ratelimit-remaining');
    expect((await call('GET', url, { headers: { authorization: 'Token r8_spec' } })).status).toBe(200);
  });
});
