// The files API over HTTP: OpenAI's own client, and two tenants.
import OpenAI, { BadRequestError, NotFoundError, toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FORMATS, makePicture } from '../../src/images/pictures.fixture.js';
import { ADMIN_KEY, type Answer, startTestGateway, type TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
let client: OpenAI;
let foreignKey: string;
let png: Buffer;
beforeAll(async () => {
  gateway = await startTestGateway();
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 });
  png = await makePicture('png');
  const admin = (path: string, body: object) => gateway.send(path, { method: 'POST', body, key: ADMIN_KEY });
  const { id } = (await admin('/admin/tenants', { name: 'Other' })).json as { id: string };
  foreignKey = ((await admin(`/admin/tenants/${id}/keys`, { name: 'other' })).json as { key: string }).key;
});
afterAll(() => gateway.close());

const create = async (bytes: Uint8Array = png, name = 'a.png') =>
  client.files.create({ file: await toFile(bytes, name), purpose: 'vision' });

function expectError({ status, json }: Answer, expected: number, error: object): void {
  expect(status).toBe(expected);
  expect(json).toMatchObject({ error: { type: 'invalid_request_error', ...error } });
  expect(Object.keys((json as { error: object }).error)).toEqual(['message', 'type', 'param', 'code']);
}

describe("OpenAI's client", () => {
  it.each(FORMATS)('uploads, reads, lists and deletes a file: %s', async (format) => {
    const bytes = await makePicture(format);
    const now = Math.floor(Date.now() / 1000);
    const file = await create(bytes, `ü.${format}`);
    expect(file).toEqual({
      id: expect.stringMatching(/^file-[0-9a-f]{32}$/) as string,
      object: 'file',
      bytes: bytes.length,
      created_at: expect.any(Number) as number,
      expires_at: expect.any(Number) as number,
      filename: `ü.${format}`,
      purpose: 'vision',
      status: 'processed',
    });
    expect(file.created_at).toBeGreaterThanOrEqual(now);
    expect(Math.abs((file.expires_at ?? 0) - file.created_at - 30 * 24 * 3600)).toBeLessThan(60);
    expect(await client.files.retrieve(file.id)).toEqual(file);
    expect((await client.files.list({ purpose: 'vision' })).data).toContainEqual(file);
    const content = await client.files.content(file.id);
    expect(content.headers.get('content-type')).toBe(`image/${format}`);
    expect(content.headers.get('x-content-type-options')).toBe('nosniff');
    expect(content.headers.get('content-disposition')).toBe('attachment');
    expect(Buffer.compare(Buffer.from(await content.arrayBuffer()), bytes)).toBe(0);
    expect(await client.files.delete(file.id)).toEqual({ id: file.id, object: 'file', deleted: true });
    await expect(client.files.retrieve(file.id)).rejects.toThrow(NotFoundError);
    await expect(client.files.content(file.id)).rejects.toThrow(NotFoundError);
    await expect(client.files.delete(file.id)).rejects.toThrow(NotFoundError);
  });

  it('says when the file shall expire', async () => {
    const expires_after = { anchor: 'created_at', seconds: 3600 } as const;
    const file = await client.files.create({
      file: await toFile(png, 'a.png'),
      purpose: 'user_data',
      expires_after,
    });
    expect(Math.abs((file.expires_at ?? 0) - file.created_at - 3600)).toBeLessThan(60);
  });

  it('goes through all pages, newest first or oldest first, each file once', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push((await create()).id);
    for (const order of ['asc', 'desc'] as const) {
      const seen: string[] = [];
      for await (const { id } of client.files.list({ limit: 2, order })) if (ids.includes(id)) seen.push(id);
      expect(seen).toEqual(order === 'asc' ? ids : ids.toReversed());
    }
    expect((await client.files.list({ limit: 1 })).data[0]?.id).toBe(ids.at(-1));
  });

  it('is told in its own words what is wrong with a file', async () => {
    const error: unknown = await create(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ code: 'invalid_image', param: 'file' });
  });
});

describe('files of another tenant', () => {
  it('look like no files at all, on every route (E2)', async () => {
    const { id } = await create();
    const unknown = `file-${'0'.repeat(32)}`;
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/content'],
      ['DELETE', ''],
    ]) {
      const foreign = await gateway.send(`/v1/files/${id}${path}`, { method, key: foreignKey });
      const missing = await gateway.send(`/v1/files/${unknown}${path}`, { method, key: foreignKey });
      expectError(foreign, 404, { code: 'not_found', param: 'id', message: `No such File object: ${id}` });
      expect(foreign.text.replaceAll(id, '')).toBe(missing.text.replaceAll(unknown, ''));
    }
    const listed = await gateway.send(`/v1/files?order=asc&after=${unknown}`, { key: foreignKey });
    expect(listed.json).toEqual({ object: 'list', data: [], first_id: null, last_id: null, has_more: false });
    expect((await client.files.retrieve(id)).id).toBe(id);
  });

  it.each(['x', 'img_0', `img_${'0'.repeat(32)}`, '%00', '..%2f..%2fetc', "file-' OR 1=1"])(
    'are not reached by odd ids: %s',
    async (id) => {
      for (const path of ['', '/content']) {
        const { status } = await gateway.send(`/v1/files/${id}${path}`);
        expect(status).toBe(404);
      }
    },
  );

  it.each([
    ['limit=0', 'limit', 'integer_below_min_value'],
    ['limit=101', 'limit', 'integer_above_max_value'],
    ['limit=ten', 'limit', 'invalid_type'],
    ['after=', 'after', 'empty_string'],
    ['order=up', 'order', 'invalid_value'],
    ['purpose=batch', 'purpose', 'invalid_value'],
    ['tenant_id=x', 'tenant_id', 'unknown_parameter'],
  ])('are not listed with %s (C15)', async (query, param, code) => {
    expectError(await gateway.send(`/v1/files?${query}`), 400, { param, code });
  });
});

/** A body in chunks, whose length nobody announces. */
