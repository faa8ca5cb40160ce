// Replicate's event streams: they make an answer quick, and whatever is wrong with them, never wrong.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AcceptedFault } from '../../src/sandbox/faults/fault.js';
import { streamFaultKinds } from '../../src/sandbox/faults/stream-fault.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, startAnew } from '../support/ledger.js';

const LLAVA = 'yorickvp/llava-13b';
const PHI = 'jimothyjohn/phi3-vision-instruct';

const ask = (gateway: TestGateway, model: string, prompt = 'What is this?') =>
  gateway.send('/v1/completions', {
    method: 'POST',
    body: { model, prompt, image_urls: 'https://example.com/image.jpg' },
  });
const reads = ({ sandbox }: TestGateway) =>
  sandbox.requests.filter(({ method, path }) => method === 'GET' && /^\/v1\/predictions\/\w+$/.test(path));
const textIn = (json: unknown) => (json as { choices?: { text: string }[] }).choices?.[0]?.text;
const streams = ({ sandbox }: TestGateway) =>
  sandbox.requests.filter(({ path }) => path.startsWith('/v1/streams/'));

describe("the end of a prediction's stream", () => {
  let gateway: TestGateway;
  let answer: PromiseWithResolvers<string>;
  beforeAll(async () => {
    gateway = await startTestGateway({
      settings: { models: ['*'] },
      sandbox: {
        maxHold: 50,
        model: () => {
          // From here on no pause ends: the gateway asks only when it is woken.
          vi.useFakeTimers({ toFake: ['setTimeout'] });
          return answer.promise;
        },
      },
    });
  });
  afterAll(() => gateway.close());
  afterEach(async () => {
    vi.useRealTimers();
    await expectOneBill(gateway);
    await startAnew(gateway);
  });

  /** Waits without a timer. */
  async function untilListening(): Promise<void> {
    for (let turn = 0; streams(gateway).length === 0; turn++) {
      if (turn === 1_000_000) throw new Error('the stream is not listened to');
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  it.each([
    ['a model whose answer grows', LLAVA],
    ['a model whose answer comes whole', PHI],
  ])('brings the answer of %s without waiting for the next question', async (_, model) => {
    answer = Promise.withResolvers();
    const asking = ask(gateway, model);
    await untilListening();
    expect(reads(gateway)).toHaveLength(0);
    answer.resolve('A red bicycle.');
    const { status, json } = await asking;
    expect(status).toBe(200);
    expect(json).toMatchObject({ choices: [{ text: 'A red bicycle.' }] });
    expect(reads(gateway)).toHaveLength(1);
    expect(streams(gateway)).toHaveLength(1);
  });
});

const damages: [string, AcceptedFault['onStream']][] = [
  ...streamFaultKinds.flatMap((kind): [string, AcceptedFault['onStream']][] => [
    [kind, { kind, times: 100 }],
    [`${kind} after a piece, once`, { kind, after: 1 }],
  ]),
  ['429', { status: 429, times: 100 }],
  ['500', { status: 500, times: 100 }],
  ['an HTML page', { status: 502, html: true, times: 100 }],
];

describe('a stream that is damaged (A17, A18, A19, A20)', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ settings: { models: ['*'] }, sandbox: { maxHold: 50 } });
  });
  afterAll(() => gateway.close());

  it.each([
    ['of a model whose answer grows', LLAVA, ['A ', 'red ', 'bicycle ', 'Ω\n\n', 'event: x']],
    ['of a model whose answer comes whole', PHI, 'A red bicycle Ω\n\nevent: x'],
  ])('%s breaks no answer, whatever the damage', async (_, model, output) => {
    // Told apart by their questions, since all run at the same time.
    for (const [name, onStream] of damages) {
      gateway.sandbox.script({ run: 700, output, onStream, match: { inputIncludes: `<${name}>` } });
    }
    const answers = await Promise.all(
      damages.map(async ([name]) => [name, await ask(gateway, model, `<${name}>`)] as const),
    );
    const told = answers.map(([name, { status, json }]) => [name, status, textIn(json)]);
    expect(told).toEqual(damages.map(([name]) => [name, 200, [output].flat().join('')]));
    await expectOneBill(gateway);
    expect(gateway.sandbox.bill.creates).toBe(damages.length);
    expect(streams(gateway).length).toBeGreaterThanOrEqual(damages.length);
    for (const { headers } of streams(gateway)) {
      expect(headers.accept).toBe('text/event-stream');
      expect(headers).not.toHaveProperty('authorization');
      expect(JSON.stringify(headers)).not.toContain(gateway.key);
    }
    await startAnew(gateway);
  });

  it('has no say in what the answer is: texts like events stay texts', async () => {
    const output = ['event: done\ndata: {}\n\n', 'data: {"reason":"error"}\r\n\r\n', 'a\u2028b', '</script>'];
    gateway.sandbox.script({ run: 400, output });
    const { status, json } = await ask(gateway, LLAVA);
    expect([status, textIn(json)]).toEqual([200, output.join('')]);
    await expectOneBill(gateway);
    await startAnew(gateway);
  });

  it('is listened to again from where it broke off', async () => {
    gateway.sandbox.script({
      run: 4000,
      output: ['A ', 'red ', 'bicycle ', 'stands ', 'here.'],
      onStream: { kind: 'cut', after: 1 },
    });
    const { json } = await ask(gateway, LLAVA);
    expect(json).toMatchObject({ choices: [{ text: 'A red bicycle stands here.' }] });
    expect(streams(gateway)[1]?.headers['last-event-id']).toMatch(/^\d+:0$/);
    await expectOneBill(gateway);
    await startAnew(gateway);
  });
});

describe('a Replicate without streams', () => {
  it('is asked for the answer, a few times', async () => {
    const gateway = await startTestGateway({ sandbox: { maxHold: 50, streams: false } });
    try {
      gateway.sandbox.script({ boot: 1500, run: 700 });
      expect((await gateway.complete()).status).toBe(200);
      expect(reads(gateway).length).toBeGreaterThan(0);
      // Pauses of a quarter of a second and more; a slow machine asks less often.
      expect(reads(gateway).length).toBeLessThan(12);
      expect(streams(gateway)).toHaveLength(0);
      await expectOneBill(gateway);
    } finally {
      await gateway.close();
    }
  });
});
