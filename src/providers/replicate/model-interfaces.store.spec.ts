import { Logger } from '@nestjs/common';
import Replicate from 'replicate';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ModelSpec } from '../../inference/inference.js';
import { DEFAULT_MODEL } from './known-interfaces.js';
import { FILE, schemaOf, TEXT } from './model-interface.fixture.js';
import { ModelInterfacesStore } from './model-interfaces.store.js';
import { ModelsClient } from './models.client.js';
import { FailedReply } from './transport.js';
import { UpstreamFault } from './upstream-fault.js';

const OLD = 'a'.repeat(64);
const NEW = 'b'.repeat(64);
const SEER = { id: 'seer', upstream: 'acme/seer' };
const never = new AbortController().signal;
const MINUTE = 60_000;

Logger.overrideLogger(false);

type Answer = object | UpstreamFault;

/** Replicate as far as it describes models: answers by path, and what it was asked. */
class Descriptions {
  readonly answers = new Map<string, Answer>();
  readonly asked: string[] = [];
  /** Set to hold all answers back until it resolves. */
  gate: Promise<void> = Promise.resolve();

  readonly fetch = async (url: string | URL | Request): Promise<Response> => {
    const path = new URL(url instanceof Request ? url.url : url).pathname.replace('/v1', '');
    this.asked.push(path);
    await this.gate;
    const answer = this.answers.get(path) ?? new UpstreamFault('refused', { status: 404 });
    return (answer instanceof UpstreamFault
      ? new FailedReply(answer)
      : { ok: true, status: 200, json: () => Promise.resolve(answer) }) as unknown as Response;
  };
}

let replicate: Descriptions;
let clock: number;
let store: ModelInterfacesStore;
beforeEach(() => {
  replicate = new Descriptions();
  clock = 0;
  const client = new Replicate({
    auth: 'x',
    baseUrl: 'https://replicate.example/v1',
    fetch: replicate.fetch,
  });
  store = new ModelInterfacesStore(new ModelsClient(client), () => clock);
});

const version = (
  id: string,
  properties: Record<string, object> = { prompt: TEXT },
  required: string[] = [],
) => ({
  id,
  openapi_schema: schemaOf(properties, required),
});

function publish(latest: object | null, more: object = {}): void {
  replicate.answers.set('/models/acme/seer', { name: 'seer', latest_version: latest, ...more });
}

const resolve = (spec: ModelSpec) => store.resolve(spec, never);
const settled = () => new Promise((done) => setTimeout(done, 5));

describe('the default model', () => {
  it.each([
    'eb47203b095603b4189c941667c3e21b7aba6694af845dae9a889a348581ed17',
    'ffcebb3e1c91ddc7eb66216dc604bc6cb843a419829364a8a407a99335450205',
  ])('is known in its version %s without asking', async (id) => {
    const spec = { id: 'phi', upstream: DEFAULT_MODEL, version: id };
    expect(store.known(spec)).toMatchObject({ target: { kind: 'version', version: id }, version: id });
    expect(await resolve(spec)).toEqual(store.known(spec));
    expect(replicate.asked).toEqual([]);
  });

  it('has its own form where a version publishes no schema, and its template words in every version', async () => {
    const path = `/models/${DEFAULT_MODEL}/versions`;
    replicate.answers.set(`${path}/${OLD}`, { id: OLD, openapi_schema: null });
    replicate.answers.set(`${path}/${NEW}`, version(NEW));
    const spec = { id: 'phi', upstream: DEFAULT_MODEL };
    const old = await resolve({ ...spec, version: OLD });
    expect(old.model.images).toMatchObject([{ names: ['image_urls'], container: 'csv', form: 'address' }]);
    const current = await resolve({ ...spec, version: NEW });
    expect(current.model).toMatchObject({ images: [], reserved: old.model.reserved });
  });
});

describe('a version', () => {
  it.each([
    { ...SEER, version: OLD },
    { ...SEER, upstream: `acme/seer:${OLD}` },
  ])('of $upstream is asked for once and for good', async (spec) => {
    replicate.answers.set(`/models/acme/seer/versions/${OLD}`, version(OLD));
    const found = await resolve(spec);
    expect(found).toMatchObject({ target: { kind: 'version', version: OLD }, version: OLD });
    clock += 1e9;
    expect(store.known(spec)).toBe(found);
    expect(replicate.asked).toEqual([`/models/acme/seer/versions/${OLD}`]);
  });

  it('without a schema cannot be asked', async () => {
    replicate.answers.set(`/models/acme/seer/versions/${OLD}`, { id: OLD, openapi_schema: null });
    await expect(resolve({ ...SEER, version: OLD })).rejects.toMatchObject({
      reason: 'model_not_found',
      param: 'model',
      message: "The model 'seer' cannot be used: it publishes no schema.",
    });
  });
});

describe('a model by its name', () => {
  it('is its latest version, or the name itself where Replicate keeps it running', async () => {
    publish(version(NEW));
    expect(await resolve(SEER)).toMatchObject({ target: { kind: 'version', version: NEW }, version: NEW });
    replicate.answers.set('/models/openai/gpt', {
      name: 'gpt',
      is_official: true,
      latest_version: version('hidden'),
    });
    expect(await resolve({ id: 'gpt', upstream: 'openai/gpt' })).toMatchObject({
      target: { kind: 'official', owner: 'openai', name: 'gpt' },
      version: undefined,
    });
  });

  it('is asked for once by many at a time', async () => {
    publish(version(NEW));
    const found = await Promise.all([resolve(SEER), resolve(SEER), resolve(SEER)]);
    expect(new Set(found).size).toBe(1);
    expect(replicate.asked).toHaveLength(1);
  });

  it('is given as it was while it is asked for anew, after ten minutes', async () => {
    publish(version(OLD));
    await resolve(SEER);
    publish(version(NEW));
    clock += 10 * MINUTE - 1;
    expect(store.known(SEER)?.version).toBe(OLD);
    await settled();
    expect(replicate.asked).toHaveLength(1);
    clock += 1;
    expect([store.known(SEER)?.version, (await resolve(SEER)).version]).toEqual([OLD, OLD]);
    await settled();
    expect(store.known(SEER)?.version).toBe(NEW);
    expect(replicate.asked).toHaveLength(2);
  });

  it.each<[string, Answer]>([
    ['is down', new UpstreamFault('not_sent')],
    ['denies it', new UpstreamFault('refused', { status: 404 })],
    ['says nothing of use', { name: 'seer', latest_version: 7 }],
    ['has a version of it that draws', { name: 'seer', latest_version: version(NEW, { image: FILE }) }],
  ])('outlives that Replicate %s', async (_, answer) => {
    publish(version(OLD));
    await resolve(SEER);
    replicate.answers.set('/models/acme/seer', answer);
    clock += 10 * MINUTE;
    store.known(SEER);
    await settled();
    expect(store.known(SEER)?.version).toBe(OLD);
    expect((await resolve(SEER)).version).toBe(OLD);
    await settled();
    expect(replicate.asked).toHaveLength(2);
    publish(version(NEW));
    clock += 15_000;
    store.known(SEER);
    await settled();
    expect(store.known(SEER)?.version).toBe(NEW);
  });

  it.each<[string, Answer, RegExp]>([
    ['does not exist', new UpstreamFault('refused', { status: 404 }), /does not exist/],
    ['has no version', { name: 'seer', latest_version: null }, /it has no version/],
    ['takes no text', { name: 'seer', latest_version: version(NEW, { image: FILE }) }, /it takes no text/],
  ])('that %s is refused, and not asked about for a minute', async (_, answer, reason) => {
    replicate.answers.set('/models/acme/seer', answer);
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(resolve(SEER)).rejects.toMatchObject({
        status: 404,
        reason: 'model_not_found',
        message: reason,
      });
      expect(store.known(SEER)).toBeUndefined();
    }
    expect(replicate.asked).toHaveLength(1);
    clock += MINUTE;
    publish(version(NEW));
    expect((await resolve(SEER)).version).toBe(NEW);
  });

  it('is refused for the want of an input, until its operator fills it', async () => {
    publish(version(NEW, { prompt: TEXT, voice: TEXT }, ['prompt', 'voice']));
    await expect(resolve(SEER)).rejects.toMatchObject({
      reason: 'model_not_found',
      message: /input 'voice'/,
    });
    expect(store.known(SEER)).toBeUndefined();
    const filled = { ...SEER, input: { voice: 'low' } };
    expect(store.known(filled)?.version).toBe(NEW);
    expect((await resolve(filled)).version).toBe(NEW);
    expect(replicate.asked).toHaveLength(1);
  });
});

describe('a deployment', () => {
  const EYES = { id: 'eyes', upstream: 'deployments/acme/eyes' };
  const release = (id: string) => ({
    name: 'eyes',
    current_release: { model: 'acme/seer', version: id, configuration: { hardware: 'gpu-t4' } },
  });

  it('is what its release runs, on the hardware that it runs on, and is asked for anew after a minute', async () => {
    replicate.answers.set('/deployments/acme/eyes', release(OLD));
    replicate.answers.set(`/models/acme/seer/versions/${OLD}`, version(OLD));
    replicate.answers.set(`/models/acme/seer/versions/${NEW}`, version(NEW));
    expect(await resolve(EYES)).toMatchObject({
      target: { kind: 'deployment', owner: 'acme', name: 'eyes' },
      version: OLD,
      hardware: 'gpu-t4',
    });
    replicate.answers.set('/deployments/acme/eyes', release(NEW));
    clock += MINUTE;
    expect(store.known(EYES)?.version).toBe(OLD);
    await settled();
    expect(store.known(EYES)?.version).toBe(NEW);
  });

  it.each<[string, object | null, RegExp]>([
    ['has no release', null, /no release/],
    ['names a path for its model (C10)', { model: '../../account', version: OLD }, /names no version/],
    [
      'names a deployment for its model',
      { model: 'deployments/acme/eyes', version: OLD },
      /names no version/,
    ],
    ['names a path for its version (C10)', { model: 'acme/seer', version: '../..' }, /names no version/],
  ])('that %s is refused', async (_, current_release, reason) => {
    replicate.answers.set('/deployments/acme/eyes', { name: 'eyes', current_release });
    await expect(resolve(EYES)).rejects.toMatchObject({ reason: 'model_not_found', message: reason });
    expect(replicate.asked).toEqual(['/deployments/acme/eyes']);
  });
});

describe('asking', () => {
  it.each(['../../account', 'acme/%2e%2e', 'acme', `acme/seer:latest`])(
    'builds no path of the name %s (C10)',
    async (upstream) => {
      expect(store.known({ id: 'x', upstream })).toBeUndefined();
      await expect(resolve({ id: 'x', upstream })).rejects.toMatchObject({
        reason: 'model_not_found',
        param: 'model',
      });
      expect(replicate.asked).toEqual([]);
    },
  );

  it.each<[UpstreamFault, object]>([
    [new UpstreamFault('not_sent'), { reason: 'upstream_unavailable', retryAfterMs: 5000 }],
    [new UpstreamFault('refused', { status: 500 }), { reason: 'upstream_unavailable', retryAfterMs: 5000 }],
    [
      new UpstreamFault('refused', { status: 429, retryAfterMs: 9000 }),
      { reason: 'upstream_unavailable', retryAfterMs: 9000 },
    ],
    [new UpstreamFault('refused', { status: 401 }), { reason: 'upstream_auth' }],
    [new UpstreamFault('refused', { status: 402 }), { reason: 'upstream_billing' }],
  ])('that fails with %s guesses nothing, and is tried again', async (fault, error) => {
    replicate.answers.set('/models/acme/seer', fault);
    await expect(resolve(SEER)).rejects.toMatchObject(error);
    publish(version(NEW));
    expect((await resolve(SEER)).version).toBe(NEW);
  });

  it('goes on for others when one who waits goes away', async () => {
    publish(version(NEW));
    const open = Promise.withResolvers<void>();
    replicate.gate = open.promise;
    const leaving = new AbortController();
    const gone = store.resolve(SEER, leaving.signal);
    const staying = resolve(SEER);
    leaving.abort(new Error('gone'));
    await expect(gone).rejects.toThrow('gone');
    open.resolve();
    expect((await staying).version).toBe(NEW);
    expect(replicate.asked).toHaveLength(1);
  });
});
