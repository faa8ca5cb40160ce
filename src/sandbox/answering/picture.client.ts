// GETs pictures as the models' containers do, with Python's `requests`: same headers, same error texts,
// redirects followed, nothing decoded. Unlike it, bounded in time and size.
import { Agent, request, type Dispatcher } from 'undici';
import type { FetchedPicture } from './answering-model.js';

const TIMEOUT_MILLISECONDS = 10_000;
const LONGEST_BODY = 20 * 1024 * 1024;
const MOST_REDIRECTS = 30;

const headers = {
  'user-agent': 'python-requests/2.32.3',
  accept: '*/*',
  'accept-encoding': 'gzip, deflate',
};

/** A client with its own connections. */
export class PictureClient {
  private readonly agent = new Agent({ connections: 16, keepAliveTimeout: 1_000 });

  /** GETs a URL: any status is an answer. Throws what `requests` would say, or which bound was passed. */
  async get(url: string, signal: AbortSignal): Promise<FetchedPicture> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MILLISECONDS)]);
    let place = requestable(url);
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const response = await this.send(place, limit);
      const { location } = response.headers;
      if (response.statusCode < 300 || response.statusCode > 399 || typeof location !== 'string') {
        return { status: response.statusCode, bytes: await readBody(response, place) };
      }
      await response.body.dump();
      place = requestable(new URL(location, place).href);
    }
    throw new Error(`Exceeded ${MOST_REDIRECTS} redirects.`);
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async send(url: URL, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    try {
      return await request(url, { dispatcher: this.agent, headers, signal });
    } catch (error) {
      throw new Error(connectionError(url, error), { cause: error });
    }
  }
}

/**
 * The URL that `requests` would ask, or its complaint: leading white space is ignored, the scheme must be
 * HTTP.
 */
function requestable(text: string): URL {
  const url = text.trimStart();
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    const advice = `Perhaps you meant https://${url}?`;
    throw new Error(`Invalid URL ${quoted(text)}: No scheme supplied. ${advice}`);
  }
  if (scheme !== 'http' && scheme !== 'https') {
    throw new Error(`No connection adapters were found for ${quoted(url)}`);
  }
  if (!URL.canParse(url)) throw new Error(`Failed to parse: ${url}`);
  return new URL(url);
}

async function readBody(response: Dispatcher.ResponseData, url: URL): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LONGEST_BODY) {
      throw new Error(`The sandbox reads pictures of up to 20 MB, and ${url.href} is larger`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function connectionError(url: URL, error: unknown): string {
  const secure = url.protocol === 'https:';
  const pool = `${secure ? 'HTTPSConnectionPool' : 'HTTPConnectionPool'}(host='${url.hostname}', port=${url.port || (secure ? '443' : '80')})`;
  const reason = error instanceof Error ? error.message : String(error);
  return `${pool}: Max retries exceeded with url: ${url.pathname}${url.search} (Caused by NewConnectionError('Failed to establish a new connection: ${reason}'))`;
}

/** Python's `repr` of a string, near enough: single quotes unless it contains one. */
function quoted(text: string): string {
  return text.includes("'") ? `"${text}"` : `'${text}'`;
}
