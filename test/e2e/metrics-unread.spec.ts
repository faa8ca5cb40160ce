// What /metrics says of bytes that are answered before they are a request of ours.
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { changeBy } from '../support/metrics.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

it('errors of bytes, addresses and expectations that nothing else reads are counted', async () => {
  const port = Number(new URL(gateway.url).port);
  const answered = (bytes: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
      socket.once('data', (data) => (socket.destroy(), resolve(data.toString().slice(9, 12))));
      socket.once('error', reject);
    });
  const change = await changeBy(gateway, async () => {
    expect(await answered('NONSENSE\r\n\r\n')).toBe('400');
    expect(await answered(`GET / HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`)).toBe('431');
    expect(await answered('GET /%zz HTTP/1.1\r\nhost: x\r\n\r\n')).toBe('400');
    expect(await answered('GET / HTTP/1.1\r\nhost: x\r\nexpect: more\r\n\r\n')).toBe('417');
  });
  expect(change.by('errors_total', 'code')).toEqual({
    bad_http: 2,
    headers_too_large: 1,
    expectation_failed: 1,
  });
});
