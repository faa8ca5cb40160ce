// A stand-in for what AWS Lambda shows a function: the runtime API and the extensions API, as documented at
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, runtimes-custom.html and runtimes-extensions-api.html.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';

/** The head of a streamed answer, up to its eight NUL bytes. */
export interface Prelude {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
}

/** One run of the function. */
export interface Invocation {
  readonly id: string;
  /** The head, as soon as it has come. */
  readonly head: Promise<Prelude>;
  /** What has come of the body, piece by piece. */
  readonly chunks: readonly Buffer[];
  /** Waits for the next piece; false when there is none any more. */
  more(): Promise<boolean>;
  /** Whether it was all there is. */
  readonly isOver: boolean;
  /** All of it. Rejects for an invocation that failed, with what the function told. */
  readonly answer: Promise<Prelude & { readonly body: Buffer; readonly mode: 'streaming' | 'buffered' }>;
}

/** A function's run, from the inside. */
interface Run extends Invocation {
  readonly event: object;
  readonly chunks: Buffer[];
  isOver: boolean;
  readonly start: (head: Prelude) => void;
  readonly add: (piece: Buffer) => void;
  readonly end: (mode: 'streaming' | 'buffered') => void;
  readonly fail: (error: Error) => void;
}

/** The stand-in. */
export interface LambdaRuntime {
  /** For `AWS_LAMBDA_RUNTIME_API`: host and port. */
  readonly address: string;
  /** Names of the extensions that have registered. */
  readonly extensions: readonly string[];
  /** What was told to be wrong with the start. */
  readonly initErrors: readonly unknown[];
  /** Hands an event to the function, when it asks for the next one. */
  invoke(event: object): Invocation;
  /** Waits until the function has asked for an event and there is none: now Lambda may freeze it. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

const ARN = 'arn:aws:lambda:eu-central-1:123456789012:function:cerebro';

/** How long Lambda lets a function run, in milliseconds. */
const TIMEOUT = 900_000;

/** Starts one. */
export async function startLambdaRuntime(): Promise<LambdaRuntime> {
  const waiting: Run[] = [];
  const running = new Map<string, Run>();
  const extensions: string[] = [];
  const initErrors: unknown[] = [];
  let asking: ServerResponse | undefined;
  let onIdle = Promise.withResolvers<void>();

  function next(): void {
    if (!asking) return;
    const run = waiting.shift();
    if (!run) return onIdle.resolve();
    const response = asking;
    asking = undefined;
    onIdle = Promise.withResolvers();
    running.set(run.id, run);
    response
      .writeHead(200, {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': run.id,
        'lambda-runtime-deadline-ms': String(Date.now() + TIMEOUT),
        'lambda-runtime-invoked-function-arn': ARN,
        'lambda-runtime-trace-id': 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0',
      })
      .end(JSON.stringify(run.event));
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '' } = request;
    const [, id = '', what] =
      /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/.exec(url) ?? [];
    const run = running.get(id);
    if (method === 'GET' && url === '/2018-06-01/runtime/invocation/next') {
      asking = response;
      next();
    } else if (method === 'POST' && run && what === 'response') {
      await takeAnswer(run, request);
      running.delete(id);
      reply(response, 202, { status: 'OK' });
    } else if (method === 'POST' && run) {
      running.delete(id);
      run.fail(new Error(JSON.stringify(await json(request))));
      reply(response, 202, { status: 'OK' });
    } else if (method === 'POST' && what) {
      reply(response, 400, { errorType: 'InvalidRequestID', errorMessage: 'Invalid request ID' });
    } else if (method === 'POST' && url === '/2018-06-01/runtime/init/error') {
      initErrors.push(await json(request));
      reply(response, 202, { status: 'OK' });
    } else if (method === 'POST' && url === '/2020-01-01/extension/register') {
      extensions.push(String(request.headers['lambda-extension-name']));
      response.setHeader('lambda-extension-identifier', randomUUID());
      reply(response, 200, { functionName: 'cerebro', functionVersion: '$LATEST', handler: '' });
    } else if (!(method === 'GET' && url === '/2020-01-01/extension/event/next')) {
      // An extension that asks for an event and wants none waits until the end.
      reply(response, 404, { errorType: 'NotFound', errorMessage: `${method} ${url}` });
    }
  }

  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as { port: number }).port}`,
    extensions,
    initErrors,
    invoke: (event) => {
      const run = newRun(event);
      waiting.push(run);
      next();
      return run;
    },
    idle: () => onIdle.promise,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function newRun(event: object): Run {
  const head = Promise.withResolvers<Prelude>();
  const answer = Promise.withResolvers<Awaited<Invocation['answer']>>();
  let progress = Promise.withResolvers<void>();
  let read = 0;
  const run: Run = {
    id: randomUUID(),
    event,
    head: head.promise,
    chunks: [],
    isOver: false,
    answer: answer.promise,
    more: async () => {
      while (read === run.chunks.length && !run.isOver) await progress.promise;
      return read < run.chunks.length && read++ >= 0;
    },
    start: head.resolve,
    add: (piece) => {
      run.chunks.push(piece);
      progress.resolve();
      progress = Promise.withResolvers();
    },
    end: (mode) => {
      run.isOver = true;
      progress.resolve();
      void head.promise.then((it) => answer.resolve({ ...it, body: Buffer.concat(run.chunks), mode }));
    },
    fail: (error) => {
      run.isOver = true;
      progress.resolve();
      head.reject(error);
      answer.reject(error);
    },
  };
  // Who waits for one of the two must not stumble over the other.
  head.promise.catch(() => undefined);
  answer.promise.catch(() => undefined);
  return run;
}

/** Eight NUL bytes end the head of a streamed answer. */
const DELIMITER = Buffer.alloc(8);

async function takeAnswer(run: Run, request: IncomingMessage): Promise<void> {
  const { headers } = request;
  if (headers['lambda-runtime-function-response-mode'] !== 'streaming') {
    const whole = (await json(request)) as Prelude & { body?: string; isBase64Encoded?: boolean };
    run.start({ ...whole, cookies: whole.cookies ?? [] });
    run.add(Buffer.from(whole.body ?? '', whole.isBase64Encoded ? 'base64' : 'utf8'));
    return run.end('buffered');
  }
  const isWellFormed =
    headers['transfer-encoding'] === 'chunked' &&
    headers['content-type'] === 'application/vnd.awslambda.http-integration-response';
  if (!isWellFormed) return run.fail(new Error(`not as streams are: ${JSON.stringify(headers)}`));
  let before: Buffer | undefined = Buffer.alloc(0);
  for await (const piece of request as AsyncIterable<Buffer>) {
    if (before === undefined) {
      run.add(piece);
      continue;
    }
    before = Buffer.concat([before, piece]);
    const end = before.indexOf(DELIMITER);
    if (end < 0) continue;
    run.start(JSON.parse(before.subarray(0, end).toString()) as Prelude);
    if (before.length > end + 8) run.add(before.subarray(end + 8));
    before = undefined;
  }
  const error = request.trailers['lambda-runtime-function-error-body'];
  if (error !== undefined) return run.fail(new Error(Buffer.from(error, 'base64').toString()));
  if (before !== undefined) return run.fail(new Error('a stream without its head'));
  run.end('streaming');
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
