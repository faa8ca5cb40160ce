// The document is built out of the code, committed, and true: what it says is what the gateway does.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contractNames } from '../../src/contracts/contract-fields.js';
import { buildDocument } from '../../src/http/openapi.js';
import { DocumentSchemas } from '../support/document-schemas.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

interface Operation {
  responses: Record<string, { content?: Record<string, { examples?: Record<string, { value: unknown }> }> }>;
  security?: object[];
  requestBody?: { content: Record<string, { schema: { $ref?: string } }> };
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<
      string,
      { properties: Record<string, { example?: unknown; default?: unknown }>; required?: string[] }
    >;
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

  it('has no schema that the compiler alone has named', () => {
    expect(Object.keys(served.components.schemas)).not.toContain('Object');
    expect(JSON.stringify(served)).not.toMatch(/"type":""/);
  });

  it('has examples and defaults that their own schemas take', () => {
    const schemas = new DocumentSchemas(served);
    const said = schemas.said();
    expect(said.length).toBeGreaterThan(500);
    expect(said.flatMap(({ pointer, value }) => schemas.complaint(pointer, value) ?? [])).toEqual([]);
  });

  it('says of each field of a body that may be left out that it may be null too', () => {
    const schemas = new DocumentSchemas(served);
    const operations = Object.values(served.paths).flatMap((methods) => Object.values(methods));
    const forms = operations.map((it) => it.requestBody?.content['multipart/form-data']?.schema.$ref);
    const bodies = contractNames().filter(
      (name) => name in served.components.schemas && !forms.includes(`#/components/schemas/${name}`),
    );
    expect(bodies).toEqual(expect.arrayContaining(['CreateKey', 'LimitsInput', 'ChatCompletionRequest']));
    for (const name of bodies) {
      const { properties, required = [] } = served.components.schemas[name] ?? { properties: {} };
      for (const field of Object.keys(properties)) {
        const complaint = schemas.complaint(`/components/schemas/${name}/properties/${field}`, null);
        expect(complaint === undefined, `${name}.${field}`).toBe(!required.includes(field));
      }
    }
  });

  it('tells of every body that it may be too large, or of the wrong type', () => {
    for (const [path, methods] of Object.entries(served.paths)) {
      for (const [method, { requestBody, responses }] of Object.entries(methods)) {
        const told = ['413', '415'].filter((status) => status in responses);
        if (requestBody) expect(told, `${method} ${path}`).toEqual(['413', '415']);
      }
    }
  });
});
