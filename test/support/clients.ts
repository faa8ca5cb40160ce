// What the specs of foreign clients share: a gateway with models of all kinds, and what its sandbox says to them.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { z } from 'zod';
import { makePicture } from '../../src/images/pictures.fixture.js';
import type { AnsweringModel } from '../../src/sandbox/answering/answering-model.js';
import { conformantFetch } from './conformance.js';
import { eventually, freePort, startTestGateway, type TestGateway } from './gateway.js';
import { expectOneBill, startAnew } from './ledger.js';

/** The default model: one prompt, no stream. */
export const PHI = 'cerebro-phi3.5-vision-instruct';
/** A model that streams and takes data URIs. */
export const LLAVA = 'yorickvp/llava-13b';

export const PICTURE = 'https://example.com/image.jpg';

/** What the models are asked for in a form. */
export const Bicycle = z.object({ colour: z.string(), wheels: z.number() });
/** The same for clients without zod. */
export const bicycleSchema = {
  type: 'object',
  properties: { colour: { type: 'string' }, wheels: { type: 'number' } },
  required: ['colour', 'wheels'],
  additionalProperties: false,
};
/** The right answer. */
export const RED_BICYCLE = { colour: 'red', wheels: 2 };

/**
 * Says what it is asked for. In JSON it errs at first where the question says `wrong first`, and always where it says
 * `always wrong`.
 */
const bicycles: AnsweringModel = ({ prompt }) => {
  if (!prompt.includes('JSON')) return 'A red bicycle.';
  const isWrong =
    prompt.includes('always wrong') ||
    (prompt.includes('wrong first') && !prompt.includes('That answer cannot be used'));
  return isWrong ? '{"colour": "red"}' : `Sure!\n${JSON.stringify(RED_BICYCLE)}`;
};

/** How a prediction goes that speaks in pieces, over a time in which they arrive one by one. */
export const SPOKEN = { run: 900, output: ['A ', 'red ', 'bicycle.'] };
/** One that breaks off. */
export const FAILING = { run: 900, output: ['A ', 'red '], fail: 'CUDA out of memory', times: 3 };
/** One that speaks for a minute. */
export const ENDLESS = { run: 60_000, output: Array<string>(600).fill('word ') };

/** A gateway with every model, that can show pictures to them and is quick with its heartbeats. */
export async function startClientsGateway(): Promise<TestGateway> {
  const port = await freePort();
  return startTestGateway({
    port,
    settings: { models: ['*'], publicUrl: `http://127.0.0.1:${port}`, streamHeartbeatMs: 50 },
    sandbox: { model: bicycles },
  });
}

/** A gateway whose Replicate takes nothing for 70 seconds: it says so to every call. */
export async function startFullGateway(): Promise<TestGateway> {
  const gateway = await startTestGateway();
  gateway.sandbox.script({ status: 429, retryAfter: 70, times: 100 });
  return gateway;
}

/** A picture as a data URI. */
export async function dataUri(): Promise<string> {
  return `data:image/png;base64,${(await makePicture('png')).toString('base64')}`;
}

/** The input of the newest prediction. */
export function lastInput({ sandbox }: TestGateway): Readonly<Record<string, unknown>> {
  return sandbox.bill.entries.at(-1)?.input ?? {};
}

/** Holds the bill against the ledger after a test, and empties both. */
export async function settleAndStartAnew(gateway: TestGateway): Promise<void> {
  try {
    await expectOneBill(gateway);
  } finally {
    await startAnew(gateway);
  }
}

/** Waits until a prediction has been accepted. */
export function untilAccepted(gateway: TestGateway): Promise<void> {
  return eventually('accepted', () => gateway.sandbox.bill.creates > 0);
}

/** Waits until the only prediction has been cancelled at Replicate. */
export async function untilCancelled(gateway: TestGateway): Promise<void> {
  await eventually('cancelled', () =>
    /^(aborted|canceled)$/.test(gateway.sandbox.bill.entries[0]?.status ?? ''),
  );
}

/**
 * The checking `fetch` for clients. OpenAI's also fetch `data:,` when they upload, to learn what `fetch` can do: that
 * is no answer of the gateway's.
 */
export const clientFetch: typeof fetch = (input, init) =>
  input === 'data:,' ? fetch(input, init) : conformantFetch(input, init);

/** The checking `fetch`, and everything that it has received. */
export function listeningFetch(): { readonly fetch: typeof fetch; readonly heard: () => string } {
  let heard = '';
  const decoder = new TextDecoder();
  return {
    heard: () => heard,
    fetch: async (input, init) => {
      const response = await conformantFetch(input, init);
      const listening = new TransformStream<Uint8Array, Uint8Array>({
        transform: (bytes, controller) => {
          heard += decoder.decode(bytes, { stream: true });
          controller.enqueue(bytes);
        },
      });
      return new Response(response.body?.pipeThrough(listening), response);
    },
  };
}

/** A way to the gateway that breaks, as when its process dies, once an answer has said `word`. */
export async function startBreakingWay(
  gateway: TestGateway,
  word: string,
): Promise<{ readonly url: string; readonly close: () => void }> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    far.on('data', (bytes: Buffer) => {
      near.write(bytes, () => {
        if (bytes.includes(word)) near.destroy();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** What a promise is refused with; fails where it is kept. */
export async function refusal(promise: PromiseLike<unknown>): Promise<unknown> {
  const kept = Symbol('kept');
  const outcome: unknown = await Promise.resolve(promise).then(
    () => kept,
    (error: unknown) => error,
  );
  if (outcome === kept) throw new Error('the promise was kept');
  return outcome;
}
