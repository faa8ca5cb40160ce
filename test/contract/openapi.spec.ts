// The document is built out of the code, committed, and true: what it says is what the gateway does.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildDocument } from '../../src/http/openapi.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

interface Operation {
  responses: Record<string, { content?: Record<string, { examples?: Record<string, { value: unknown }> }> }>;
  security?: object[];
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, { properties: Record<string, { example?: unknown; default?: unknown }> }>;
  };
}

let gateway: TestGateway;
let served: Document;
beforeAll(async () => {
  gateway = await startTestGateway();
  served = (await gateway.send('/openapi.json', { key: null })).json;
});
afterAll(() => gateway.close());

describe('the OpenAPI document', () => {
  it('is the committed openapi.json (`npm run openapi` renews it)', async () => {
    const text = JSON.stringify(buildDocument(gateway.app.nest, {}), null, 2);
    await expect(`${text}\n`).toMatchFileSnapshot('../../openapi.json');
  });

  it('has every route that the server has, and no other (I8)', () => {
    const documented = Object.entries(served.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
    );
    // Fastify answers HEAD wherever it answers GET; the documentation does not document itself.
    const own = (route: string) => !/^HEAD | \/(docs|openapi\.json)/.test(route);
    expect(documented.sort()).toEqual(gateway.app.routes.list().filter(own));
  });

  it('says which credential a route asks for', () => {
    expect(served.paths['/v1/completions']?.post?.security).toEqual([{ TenantKey: [] }]);
    expect(served.paths['/admin/tenants']?.get?.security).toEqual([{ AdminKey: [] }]);
    expect(served.paths['/healthz']?.get?.security).toEqual([]);
  });

  it('has an example for each error, and only ones that the catalogue would send', () => {
    for (const [status, response] of Object.entries(served.paths['/v1/completions']?.post?.responses ?? {})) {
      if (Number(status) < 400) continue;
      const examples = Object.values(response.content?.['application/json']?.examples ?? {});
      expect(examples.length, status).toBeGreaterThan(0);
      for (const { value } of examples) expect(Object.keys(value as object)).toEqual(['error']);
    }
  });

  it('has an example request that is answered as it stands', async () => {
    const { properties } = served.components.schemas.CompletionRequest ?? { properties: {} };
    const body = Object.fromEntries(
      Object.entries(properties).map(([name, { example, default: otherwise }]) => [
        name,
        example ?? otherwise,
      ]),
    );
    const { status } = await gateway.send('/v1/completions', { method: 'POST', body });
    expect(status).toBe(200);
  });
});
