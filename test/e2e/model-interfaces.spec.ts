// How a model's version is asked what it takes, over HTTP against the sandbox's real schemas.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ModelInterfacesStore } from '../../src/providers/replicate/model-interfaces.store.js';
import { ReplicateClient } from '../../src/providers/replicate/replicate.client.js';
import { ReplicateTransport } from '../../src/providers/replicate/transport.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';

const LLAVA = {
  id: 'llava',
  upstream: 'yorickvp/llava-13b',
  version: '80537f9eead1a5bfa72d5ac6ea6414379be41d4d4f6679fd776e9535d1eb58bb',
};
const never = new AbortController().signal;

let sandbox: Sandbox;
let transport: ReplicateTransport;
beforeAll(async () => {
  sandbox = await startSandbox({ model: () => '' });
  transport = new ReplicateTransport(60_000);
});
afterEach(() => sandbox.reset());
afterAll(async () => {
  await transport.close();
  await sandbox.close();
});

const store = (baseUrl = sandbox.baseUrl) =>
  new ModelInterfacesStore(new ReplicateClient({ token: 'x', baseUrl, transport }));

describe('the interface of a version', () => {
  it('is read from its schema, once', async () => {
    const interfaces = store();
    expect(await interfaces.ask(LLAVA, never)).toEqual({
      prompt: 'prompt',
      images: { name: 'image', form: 'uri', required: true },
      maxTokens: { name: 'max_tokens', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
      temperature: { name: 'temperature', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    });
    expect(interfaces.known(LLAVA)).toBeDefined();
    expect(sandbox.requests.map(({ path }) => path)).toEqual([
      `/v1/models/yorickvp/llava-13b/versions/${LLAVA.version}`,
    ]);
  });

  it("is taken for the default model's where Replicate publishes none", async () => {
    const model = await store().ask({ ...LLAVA, version: '0'.repeat(64) }, never);
    expect(model.images).toEqual({ name: 'image_urls', form: 'csv', required: true });
  });

  it('is not guessed while Replicate cannot be asked', async () => {
    await expect(store('http://127.0.0.1:9/v1').ask(LLAVA, never)).rejects.toMatchObject({
      reason: 'upstream_unavailable',
    });
  });
});
