// Requests whose path reaches the server as it is written: clients for URLs tidy it first.
import { request } from 'node:http';
import type { Answer, Sent, TestGateway } from './gateway.js';

/** Sends a request without a body, with the tenant's key unless another, or null for none, is given. */
export function sendRaw(
  gateway: Pick<TestGateway, 'url' | 'key'>,
  path: string,
  { method = 'GET', key = gateway.key, headers }: Omit<Sent, 'body' | 'signal'> = {},
): Promise<Answer> {
  const { hostname, port } = new URL(gateway.url);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        hostname,
        port,
        path,
        method,
        headers: { ...(key && { authorization: `Bearer ${key}` }), ...headers },
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => (text += chunk));
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            text,
            get json(): never {
              return JSON.parse(text) as never;
            },
          }),
        );
        answer.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}
