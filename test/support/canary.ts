// The canary: what test gateways must never write down, and whether they have. Every spec file that has a test gateway is
// its traffic: secrets, prompts, pictures and answers are learnt as they pass, and looked for when a gateway ends.
import { JsonLogger } from '../../src/observability/json-logger.js';

/** What a text is, which says where it may stand nevertheless. */
export type Kind = 'secret' | 'prompt' | 'image' | 'answer';

/** Shorter texts stand in many places for many reasons. */
const SHORTEST = 12;

/** A text of fewer different characters is none. */
const FEWEST = 6;

/** So much of a long text is looked for. */
const LOOKED_FOR = 120;

/** Most texts of one kind that a spec file has looked for; load tests send thousands, all alike. */
const MOST = 300;

/** What has passed, and the log. */
export class Canary {
  /** Every line that was logged, at the most talkative level. */
  readonly lines: string[] = [];
  readonly logger = new JsonLogger('trace', { write: (line) => void this.lines.push(line) });
  private readonly markers = new Map<string, Kind>();
  private readonly counts: Record<Kind, number> = { secret: 0, prompt: 0, image: 0, answer: 0 };

  /** Something that must not be written down. */
  learn(kind: Kind, text: unknown): void {
    if (typeof text !== 'string' || text.trim().length < SHORTEST) return;
    const marker = text.trim().slice(0, LOOKED_FOR);
    // Tests of limits send `xxxx…`, which says nothing.
    if (new Set(marker).size < FEWEST) return;
    if (this.markers.has(marker) || this.counts[kind] >= MOST) return;
    this.counts[kind] += 1;
    this.markers.set(marker, kind);
  }

  /** The prompts and pictures of a request's body, and what it stores that is secret. */
  sent(body: unknown): void {
    const value = typeof body === 'string' ? parsed(body) : body;
    if (!isObject(value) || value instanceof Uint8Array) return;
    for (const prompt of texts(value.prompt)) this.learn('prompt', prompt);
    for (const images of texts(value.image_urls)) this.image(images);
    this.learn('secret', value.upstream_token);
    for (const message of list(value.messages)) this.message(message);
  }

  /** What an answer shows once, and what a model has said. */
  answered(status: number, text: string): void {
    for (const [secret] of text.matchAll(/cbr_(?:live|test)_\w{20,}|whsec_[\w+/=]{20,}/g))
      this.learn('secret', secret);
    if (status !== 200) return;
    const value = parsed(text);
    for (const choice of isObject(value) ? list(value.choices) : []) {
      if (!isObject(choice)) continue;
      this.learn('answer', choice.text);
      if (isObject(choice.message)) this.learn('answer', choice.message.content);
    }
  }

  /** What of it stands in a text, but for these kinds: a line each. Secrets also as they may be encoded. */
  findIn(place: string, text: string, except: readonly Kind[] = []): string[] {
    return [...this.markers].flatMap(([marker, kind]) => {
      if (except.includes(kind)) return [];
      const forms = kind === 'secret' ? encoded(marker) : written(marker);
      const form = forms.find((each) => text.includes(each));
      return form === undefined ? [] : [`${place}: a ${kind}, ${around(text, form)}`];
    });
  }

  /** As {@link findIn}, in all that was logged since the last time. */
  findInLog(): string[] {
    return this.findIn('the log', this.lines.splice(0).join(''));
  }

  private message(message: unknown): void {
    if (!isObject(message)) return;
    this.learn('prompt', message.content);
    for (const part of list(message.content)) {
      if (!isObject(part)) continue;
      this.learn('prompt', part.text);
      if (isObject(part.image_url)) this.image(part.image_url.url);
    }
  }

  /** An address, or the middle of a data URI: many pictures begin alike. */
  private image(address: unknown): void {
    // A stored picture may be named by its id, which is no secret.
    if (typeof address !== 'string' || /^(?:file-|img_)/.test(address)) return;
    const [, data] = /^data:[^,]*,(.*)/s.exec(address) ?? [];
    if (data === undefined) this.learn('image', address);
    else {
      this.learn('image', data.slice(60, 60 + LOOKED_FOR));
      this.learn('image', Buffer.from(data, 'base64').subarray(45, 105).toString('hex'));
    }
  }
}

/** That of this spec file. */
export const canary = new Canary();

/** Fails where something was found. */
export function expectNone(found: readonly string[]): void {
  if (found.length > 0)
    throw new Error(`written down, what never must be:\n${[...new Set(found)].join('\n')}`);
}

/** A text as it is, and as it is in JSON. */
function written(text: string): string[] {
  return [text, JSON.stringify(text).slice(1, -1)];
}

function encoded(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const base64 = bytes.toString('base64').replace(/=+$/, '');
  return [...written(secret), encodeURIComponent(secret), base64.slice(0, -1), bytes.toString('hex')];
}

function around(text: string, found: string): string {
  const at = text.indexOf(found);
  return text.slice(Math.max(0, at - 200), at + found.length + 60);
}

function texts(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
