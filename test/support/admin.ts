// The admin API for specs: tenants and keys of any kind.
import { ADMIN_KEY, type Answer, type Sent, type TestGateway } from './gateway.js';

/** A key as it is created. */
export interface MadeKey {
  readonly id: string;
  readonly key: string;
  readonly tenantId: string;
  /** Its address. */
  readonly path: string;
}

/** The admin API of a gateway, with the root key unless another one is given. */
export class AdminApi {
  constructor(private readonly gateway: Pick<TestGateway, 'send'>) {}

  /** Sends a request. */
  send(path: string, sent: Sent = {}): Promise<Answer> {
    return this.gateway.send(path, { key: ADMIN_KEY, ...sent });
  }

  post(path: string, body: unknown, key: string = ADMIN_KEY): Promise<Answer> {
    return this.send(path, { method: 'POST', body, key });
  }

  patch(path: string, body: unknown, key: string = ADMIN_KEY): Promise<Answer> {
    return this.send(path, { method: 'PATCH', body, key });
  }

  delete(path: string, key: string = ADMIN_KEY): Promise<Answer> {
    return this.send(path, { method: 'DELETE', key });
  }

  /** The objects of a list's first hundred. */
  async list<Item>(path: string): Promise<Item[]> {
    const answer = await this.send(`${path}${path.includes('?') ? '&' : '?'}limit=100`);
    return (answer.json as { data: Item[] }).data;
  }

  /** Makes a tenant. */
  async tenant(body: object = {}): Promise<{ id: string; path: string }> {
    const { id } = this.made(await this.post('/admin/tenants', { name: 'Acme', ...body }));
    return { id, path: `/admin/tenants/${id}` };
  }

  /** Makes a key of a tenant. */
  async key(tenantId: string, body: object = {}): Promise<MadeKey> {
    const path = `/admin/tenants/${tenantId}/keys`;
    const { id, key } = this.made(await this.post(path, { name: 'test', ...body }));
    return { id, key, tenantId, path: `${path}/${id}` };
  }

  private made({ status, text, json }: Answer): { id: string; key: string } {
    if (status !== 201) throw new Error(`not created: ${status} ${text}`);
    return json;
  }
}
