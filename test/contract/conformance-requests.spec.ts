// Our requests are OpenAI's as far as we say: each parameter of its document is taken, or refused for a reason.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Conformance } from '../support/conformance-check.js';
import { conformance } from '../support/conformance.js';
import {
  asked,
  CHAT,
  COMPLETIONS,
  REFUSED,
  REFUSED_COMPLETIONS,
  UNTOLD,
} from '../support/conformance-requests.js';
import { openaiDocument } from '../support/conformance-schemas.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
let checks: Conformance;
beforeAll(async () => {
  gateway = await startTestGateway();
  checks = conformance();
});
afterAll(() => gateway.close());

describe.each([
  {
    path: '/v1/chat/completions',
    component: 'CreateChatCompletionRequest',
    plain: { messages: asked },
    extra: {},
    accepted: CHAT,
    untold: UNTOLD,
    refused: REFUSED,
  },
  {
    path: '/v1/completions',
    component: 'CreateCompletionRequest',
    plain: { prompt: 'What is this?' },
    // The picture of a completion is our extension: OpenAI's document allows it by forbidding nothing.
    extra: { image_urls: 'https://example.com/image.jpg' },
    accepted: COMPLETIONS,
    untold: UNTOLD,
    refused: REFUSED_COMPLETIONS,
  },
])(
  'a request to $path that OpenAI accepts',
  ({ path, component, plain, extra, accepted, untold, refused }) => {
    const bodyOf = (changes: object) => ({
      model: 'cerebro-phi3.5-vision-instruct',
      ...plain,
      ...extra,
      ...changes,
    });

    it.each(accepted)('is accepted by our document and by us: %s', async (_, changes) => {
      const body = bodyOf(changes);
      expect(checks.openaiRequestViolations(component, body)).toEqual([]);
      expect(checks.requestViolations(path, body)).toEqual([]);
      const answer = await gateway.send(path, { method: 'POST', body });
      expect(answer.status, answer.text).toBe(200);
    });

    it('is in these tables with each of its parameters', () => {
      const tables = [...accepted, ...untold, ...refused].map(([, changes]) => bodyOf(changes));
      const tried = new Set(tables.flatMap((body) => Object.keys(body)));
      expect(parametersOf(component).filter((name) => !tried.has(name))).toEqual([]);
    });

    it.each(untold)('is accepted by us, though our document does not tell: %s', async (_, changes) => {
      const body = bodyOf(changes);
      expect(checks.openaiRequestViolations(component, body)).toEqual([]);
      // Where this fails, the document has learnt it: move the line to the table of what is accepted.
      expect(checks.requestViolations(path, body)).not.toEqual([]);
      const answer = await gateway.send(path, { method: 'POST', body });
      expect(answer.status, answer.text).toBe(200);
    });

    it.each([{}, { n: 2 }, { stream_options: { include_usage: true } }])(
      'is answered with a stream of conformant chunks: %j',
      async (changes) => {
        // `send` checks every frame.
        const answer = await gateway.send(path, {
          method: 'POST',
          body: bodyOf({ stream: true, ...changes }),
        });
        expect(answer.status, answer.text).toBe(200);
        expect(answer.headers['content-type']).toMatch(/^text\/event-stream/);
        expect(answer.text).toMatch(/data: \[DONE\]\n\n$/);
      },
    );

    it.each(refused)('is refused, and says why: %s', async (_, changes, param) => {
      const body = bodyOf(changes);
      expect(checks.openaiRequestViolations(component, body)).toEqual([]);
      const answer = await gateway.send(path, { method: 'POST', body });
      expect(answer.status, answer.text).toBe(400);
      expect((answer.json as { error: { param: string } }).error.param).toMatch(new RegExp(`^${param}`));
    });
  },
);

/** The parameters of a request in OpenAI's document. */
function parametersOf(component: string): string[] {
  interface Part {
    readonly $ref?: string;
    readonly allOf?: readonly Part[];
    readonly properties?: object;
  }
  const schemas = openaiDocument().components.schemas as Record<string, Part>;
  const names = ({ $ref, allOf = [], properties = {} }: Part): string[] => [
    ...($ref === undefined ? [] : names(schemas[$ref.split('/').at(-1) ?? ''] ?? {})),
    ...allOf.flatMap(names),
    ...Object.keys(properties),
  ];
  return [...new Set(names(schemas[component] ?? {}))];
}

describe("OpenAI's document", () => {
  it('refuses what is no request: the schemas of requests are not open to everything', () => {
    const check = new Conformance({ components: { schemas: {} } }, openaiDocument());
    const chat = (body: object) => check.openaiRequestViolations('CreateChatCompletionRequest', body);
    expect(chat({ model: 'm', messages: [] })).not.toEqual([]);
    expect(chat({ model: 'm', messages: [{ role: 'poet', content: 'x' }] })).not.toEqual([]);
    expect(chat({ model: 'm', messages: asked, temperature: 3 })).not.toEqual([]);
    expect(
      chat({ model: 'm', messages: asked, response_format: { type: 'json_schema', schema: {} } }),
    ).not.toEqual([]);
  });
});
