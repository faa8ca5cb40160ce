import { Telemetry } from '../../src/telemetry/telemetry.js';
// How Replicate is asked what a model takes, over HTTP against the sandbox's real schemas.
import Replicate from 'replicate';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ModelInterfacesStore } from '../../src/providers/replicate/model-interfaces.store.js';
import { ModelsClient } from '../../src/providers/replicate/models.client.js';
import { fixedToken } from '../../src/providers/replicate/access-token.js';
import { ReplicateTransport } from '../../src/providers/replicate/transport.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';

const LLAVA = {
  id: 'llava',
  upstream: 'yorickvp/llava-13b',
  version: '80537f9eead1a5bfa72d5ac6ea6414379be41d4d4f6679fd776e9535d1eb58bb',
};
const VERSION_PATH = `/v1/models/yorickvp/llava-13b/versions/${LLAVA.version}`;
const never = new AbortController().signal;

let sandbox: Sandbox;
const transports: ReplicateTransport[] = [];
beforeAll(async () => {
  sandbox = await startSandbox({ model: () => '' });
});
afterEach(() => sandbox.reset());
afterAll(async () => {
  await Promise.all(transports.map((transport) => transport.close()));
  await sandbox.close();
});

function openStore(baseUrl = sandbox.baseUrl): ModelInterfacesStore {
  const transport = new ReplicateTransport({
    baseUrl,
    token: fixedToken('x'),
    telemetry: new Telemetry(),
    cancelAfterMs: 60_000,
  });
  transports.push(transport);
  return new ModelInterfacesStore(
    new ModelsClient(new Replicate({ auth: 'x', baseUrl, fetch: transport.fetch })),
  );
}

describe('what a model takes', () => {
  it("is read from its version's schema, once", async () => {
    const store = openStore();
    const found = await store.resolve(LLAVA, never);
    expect(found).toMatchObject({
      target: { kind: 'version', version: LLAVA.version },
      model: {
        prompt: { name: 'prompt' },
        images: [{ form: 'uri', container: 'one', names: ['image'], required: true }],
        tokenLimit: { name: 'max_tokens', default: 1024, minimum: 0 },
        sampling: { temperature: { name: 'temperature' }, topP: { name: 'top_p' } },
        output: 'pieces',
      },
    });
    expect(store.known(LLAVA)).toBe(found);
    expect(sandbox.requests.map(({ path }) => path)).toEqual([VERSION_PATH]);
  });

  it('is that of its latest version where only its name is known', async () => {
    const { id, upstream } = LLAVA;
    expect(await openStore().resolve({ id, upstream }, never)).toMatchObject({ version: LLAVA.version });
  });

  it('is asked of Replicate by the name alone for an official model', async () => {
    expect(await openStore().resolve({ id: 'gpt', upstream: 'openai/gpt-4o-mini' }, never)).toMatchObject({
      target: { kind: 'official', owner: 'openai', name: 'gpt-4o-mini' },
      model: { images: [{ form: 'uri', container: 'list', names: ['image_input'] }] },
    });
  });

  it("is that of a deployment's release, with its hardware", async () => {
    const spec = { id: 'claims', upstream: 'deployments/acme/claims-vision' };
    expect(await openStore().resolve(spec, never)).toMatchObject({
      target: { kind: 'deployment', owner: 'acme', name: 'claims-vision' },
      version: LLAVA.version,
      hardware: 'gpu-l40s',
    });
    expect(sandbox.requests.map(({ path }) => path)).toEqual([
      '/v1/deployments/acme/claims-vision',
      VERSION_PATH,
    ]);
  });
});

describe('a model that cannot be asked', () => {
  it.each([
    ['of an unknown version', { ...LLAVA, version: '0'.repeat(64) }, /does not exist/],
    ['of an unknown name', { id: 'x', upstream: 'acme/nobody' }, /does not exist/],
    ['that draws', { id: 'rembg', upstream: 'cjwbw/rembg' }, /answers with files/],
  ])('%s is refused with the reason', async (_, spec, message) => {
    const error = { reason: 'model_not_found', status: 404, param: 'model', message };
    await expect(openStore().resolve(spec, never)).rejects.toMatchObject(error);
  });

  it('is not guessed at while Replicate cannot be reached', async () => {
    await expect(openStore('http://127.0.0.1:9/v1').resolve(LLAVA, never)).rejects.toMatchObject({
      reason: 'upstream_unavailable',
      retryAfterMs: 5000,
    });
  });
});
