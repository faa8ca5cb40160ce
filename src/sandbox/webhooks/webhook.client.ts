// POSTs webhooks, to loopback and nowhere else: nothing that a prediction names can make the sandbox reach
// out. Redirects are not followed.
import { BlockList, isIP } from 'node:net';
import { Agent, request } from 'undici';

/** How long a receiver may take to answer. */
const TIMEOUT_MILLISECONDS = 10_000;

/** What is read of an answer before its connection is given up. */
const LARGEST_ANSWER = 64 * 1024;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether a webhook may be sent there: HTTP to an address of loopback, or to `localhost`. */
export function isOnLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'http:') return false;
  const host = hostname.replace(/^\[|\]$/g, '');
  const family = isIP(host);
  return family === 0 ? host === 'localhost' : loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

/** A client with its own connections, which are made when first used. */
export class WebhookClient {
  private agent: Agent | undefined;

  /**
   * Sends one webhook and says what status it was answered with. Throws what kept it from being answered, and
   * an Error for an address that is not on loopback.
   */
  async post(
    url: string,
    headers: Record<string, string>,
    body: string,
    signal: AbortSignal,
  ): Promise<number> {
    if (!isOnLoopback(url)) throw new Error(`${url} is not on loopback`);
    const response = await request(loopbackAddress(url), {
      method: 'POST',
      dispatcher: (this.agent ??= new Agent({ connections: 16, keepAliveTimeout: 1_000 })),
      headers: { ...headers, 'content-type': 'application/json' },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MILLISECONDS)]),
    });
    await response.body.dump({ limit: LARGEST_ANSWER });
    return response.statusCode;
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    await this.agent?.destroy();
  }
}

/** `localhost` as the address that it stands for, so that no resolver is asked what it means. */
function loopbackAddress(url: string): URL {
  const address = new URL(url);
  if (address.hostname === 'localhost') address.hostname = '127.0.0.1';
  return address;
}
