// Streams over everything that may go wrong at the provider: a text that is whole and has nothing twice, or an error.
import { request } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AcceptedFault } from '../../src/sandbox/faults/fault.js';
import { streamFaultKinds } from '../../src/sandbox/faults/stream-fault.js';
import { eventually, REPLICATE_TOKEN, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, startAnew } from '../support/ledger.js';
import { LoadBalancer } from '../support/load-balancer.js';
import { createTestDatabase } from '../support/postgres.js';
import { chat, openStream, readStream, type StreamSent } from '../support/stream-reader.js';

const settings = { models: ['*'], createsPerMinute: 1_000_000, streamHeartbeatMs: 200 };
let gateway: TestGateway;
let hurried: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ settings });
  hurried = await startTestGateway({ beside: gateway, settings: { ...settings, predictionTimeoutMs: 1500 } });
});
afterAll(async () => {
  await hurried.close();
  await gateway.close();
});
afterEach(async () => {
  await expectOneBill(gateway);
  await startAnew(gateway);
});

const OUTPUT = ['A ', 'red ', 'bicycle ', 'Ω\n\n', 'event: x', ' 🚲', '.'];
const WHOLE = OUTPUT.join('');

/** What a caller makes of a stream: its status, text, and how it ended. */
async function outcome(sent: StreamSent) {
  const stream = await readStream(gateway, sent);
  return [stream.status, stream.textOf(), stream.isDone ? 'done' : (stream.error ?? stream.end)];
}

describe('an error after the first byte', () => {
  it('is a frame, and no [DONE], when the prediction fails after half of its words (A15)', async () => {
    gateway.sandbox.script({ run: 1000, output: ['A ', 'red '], fail: 'CUDA out of memory' });
    const stream = await readStream(gateway, chat());
    expect([stream.status, stream.textOf(), stream.isDone, stream.end]).toEqual([
      200,
      'A red ',
      false,
      'whole',
    ]);
    expect(stream.error).toMatchObject({ type: 'server_error', code: 'prediction_failed' });
    expect(stream.text).not.toContain('CUDA');
  });

  it('is a frame when somebody cancels the prediction at the provider (A15)', async () => {
    gateway.sandbox.script({ run: 20_000, output: Array.from({ length: 40 }, () => 'word ') });
    const stream = await openStream(gateway, chat());
    await stream.firstPiece();
    const { predictionId } = gateway.sandbox.bill.entries[0] ?? {};
    const cancel = `${gateway.sandbox.baseUrl}/predictions/${predictionId}/cancel`;
    const { statusCode } = await request(cancel, {
      method: 'POST',
      headers: { authorization: `Bearer ${REPLICATE_TOKEN}` },
    });
    expect(statusCode).toBe(200);
    await stream.toEnd();
    expect(stream.isDone).toBe(false);
    expect(stream.error).toMatchObject({ code: 'prediction_canceled' });
  });

  it('is a frame when a boot outlasts the deadline, after comments (A14)', async () => {
    gateway.sandbox.script({ hang: true });
    const stream = await readStream(hurried, chat());
    expect(stream.status).toBe(200);
    expect(stream.text).toMatch(/^: keep-alive\n\n/);
    expect(stream.isDone).toBe(false);
    expect(stream.error).toMatchObject({ code: 'prediction_timeout' });
    await eventually('canceled', () => gateway.sandbox.bill.entries[0]?.status === 'canceled');
  });

  it('is a frame when the provider aborts a prediction that has never started (A15)', async () => {
    gateway.sandbox.script({ boot: 1000, abort: true });
    const stream = await readStream(gateway, chat());
    expect([stream.status, stream.isDone]).toEqual([200, false]);
    expect(stream.error).toMatchObject({ code: 'prediction_timeout' });
  });

  it('is a frame when the stream had said something else than the answer (A17)', async () => {
    const onStream = { kind: 'hugeLine', after: 1, size: 1000 } as const;
    gateway.sandbox.script({ run: 800, output: OUTPUT, onStream });
    const stream = await readStream(gateway, chat());
    expect(stream.isDone).toBe(false);
    expect(stream.error).toMatchObject({ code: 'upstream_invalid_response' });
  });
});

describe('a database that goes away in the middle (H1)', () => {
  it('does not break a stream that runs', async () => {
    const database = await createTestDatabase();
    const cable = await LoadBalancer.open();
    cable.target = database.url;
    const url = new URL(database.url);
    url.port = new URL(cable.url).port;
    const node = await startTestGateway({ settings: { ...settings, databaseUrl: url.href } });
    try {
      node.sandbox.script({ run: 2000, output: OUTPUT });
      const stream = await openStream(node, chat());
      await stream.firstPiece();
      cable.target = '';
      cable.reset();
      await stream.toEnd();
      expect([stream.textOf(), stream.isDone]).toEqual([WHOLE, true]);
      cable.target = database.url;
      await expectOneBill({ databaseUrl: database.url, sandbox: node.sandbox });
    } finally {
      cable.target = database.url;
      await node.close();
      await cable.close();
      await database.drop();
    }
  });
});

const damages: [string, AcceptedFault['onStream']][] = [
  ...streamFaultKinds.flatMap((kind): [string, AcceptedFault['onStream']][] => [
    [kind, { kind, times: 100 }],
    [`${kind} after two pieces, once`, { kind, after: 2 }],
    [`${kind} after two pieces, always`, { kind, after: 2, times: 100 }],
  ]),
  ['a short stall', { kind: 'stall', after: 2, ms: 400 }],
  ['429', { status: 429, times: 100 }],
  ['500', { status: 500, times: 100 }],
  ['an HTML page', { status: 502, html: true, times: 100 }],
];

describe('an upstream stream that is damaged (A17, A18, A19)', () => {
  it('never harms the text: it is whole, and nothing in it twice', async () => {
    const told = await Promise.all(
      damages.map(async ([name, onStream]) => {
        const question = `<${name}>`;
        gateway.sandbox.script({ run: 1000, output: OUTPUT, onStream, match: { inputIncludes: question } });
        return [name, ...(await outcome(chat(question)))];
      }),
    );
    expect(told).toEqual(damages.map(([name]) => [name, 200, WHOLE, 'done']));
    expect(gateway.sandbox.bill.creates).toBe(damages.length);
  });

  it('is told to live by comments while it stalls, and its text is not lost (A18)', async () => {
    gateway.sandbox.script({ run: 1500, output: OUTPUT, onStream: { kind: 'stall', after: 2, times: 100 } });
    const stream = await readStream(gateway, chat());
    expect([stream.textOf(), stream.isDone]).toEqual([WHOLE, true]);
    expect(stream.comments).toBeGreaterThan(0);
  });

  it('ends in an error and a cancel when nothing more comes of it (A18)', async () => {
    const output = Array.from({ length: 50 }, () => 'word ');
    gateway.sandbox.script({ run: 30_000, output, onStream: { kind: 'stall', after: 1, times: 100 } });
    const stream = await readStream(hurried, chat());
    expect(stream.isDone).toBe(false);
    expect(stream.error).toMatchObject({ code: 'prediction_timeout' });
    await eventually('canceled', () => gateway.sandbox.bill.entries[0]?.status === 'canceled');
  });

  it('may break off at every position, once or twice (A19)', async () => {
    const cuts = [1, 2].flatMap((times) =>
      Array.from({ length: OUTPUT.length + 1 }, (_, after) => ({ times, after })),
    );
    const told = await Promise.all(
      cuts.map(async ({ times, after }) => {
        const question = `<cut ${times} times after ${after}>`;
        const onStream = { kind: 'cut', after, times } as const;
        gateway.sandbox.script({ run: 1500, output: OUTPUT, onStream, match: { inputIncludes: question } });
        return outcome(chat(question));
      }),
    );
    expect(told).toEqual(cuts.map(() => [200, WHOLE, 'done']));
  });
});

describe('the words of a model (A20)', () => {
  it.each([
    ['events', ['event: done\ndata: {}\n\n', 'data: [DONE]\n\n', ': comment\n', 'id: 1:0\n']],
    ['line ends of other alphabets', ['a\u2028b', '\u2029', '\u0085', 'c\r\nd', '\re']],
    ['markup', ['</script>', '<!--', '\\"', "'"]],
    ['control characters', ['\0', '\u001b[31m', '\u007f', '\b']],
    ['characters of several units', ['👩‍👩‍👧', 'e\u0301', '𝒳', '\ufeffx']],
    ['an error', ['{"error":{"message":"no"}}', 'data: {"error":{}}\n\n']],
    ['spaces alone', [' ', '\n', '\n\n', '\t']],
  ])('stay words: %s', async (_, output) => {
    gateway.sandbox.script({ run: 400, output });
    const stream = await readStream(gateway, chat());
    // An event stream ends its lines as it likes: what came by one may have a LF for a CR.
    const lines = (text: string) => text.replace(/\r\n?/g, '\n');
    expect(lines(stream.textOf())).toBe(lines(output.join('')));
    expect([stream.isDone, stream.finishReason()]).toEqual([true, 'stop']);
    expect(stream.text.replace(/\n\n/g, '')).not.toMatch(/[\u2028\u2029\u0085\r\0]/);
  });
});
