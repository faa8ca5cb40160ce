// A stand-in for AWS Lambda Web Adapter, whose binary is not to be had here: between the runtime API and a web server.
// Written from its documentation, https://aws.github.io/aws-lambda-web-adapter/, as far as template.yaml makes use of it.
import { once } from 'node:events';
import {
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a start may take in Lambda's init phase before the adapter lets it go on without, in milliseconds. */
const INIT = 9800;

/** Between two looks whether the server is ready, in milliseconds. */
const LOOK = 10;

/** An event of payload format 2.0, of a function URL or an HTTP API. */
interface ProxyEvent {
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly cookies?: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly requestContext?: { readonly http?: { readonly method: string } };
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/** A running stand-in. */
export interface LambdaAdapter {
  /** How often it has looked whether the server is ready. */
  readonly looks: () => number;
  close(): void;
}

/** Starts one, with the variables of the function's environment. */
export function startLambdaAdapter(env: Readonly<Record<string, string>>, runtime: string): LambdaAdapter {
  const stopped = new AbortController();
  const { signal } = stopped;
  const host = env.AWS_LWA_HOST ?? env.HOST ?? '127.0.0.1';
  const port = env.AWS_LWA_PORT ?? env.PORT ?? '8080';
  const [runtimeHost, runtimePort] = runtime.split(':');
  let looks = 0;

  const toApp = (options: RequestOptions): ClientRequest => httpRequest({ host, port, signal, ...options });
  const toRuntime = (path: string, options: RequestOptions = {}): ClientRequest =>
    httpRequest({ host: runtimeHost, port: runtimePort, path, signal, ...options });

  async function isReady(): Promise<boolean> {
    looks++;
    const options = {
      port: env.AWS_LWA_READINESS_CHECK_PORT ?? port,
      path: env.AWS_LWA_READINESS_CHECK_PATH ?? '/',
    };
    const { statusCode = 0 } = await answerTo(toApp(options).end(), true).catch(() => ({ statusCode: 0 }));
    return statusCode >= 100 && statusCode < 500;
  }

  async function untilReady(): Promise<void> {
    while (!signal.aborted && !(await isReady())) await sleep(LOOK);
  }

  async function run(): Promise<void> {
    const registering = toRuntime('/2020-01-01/extension/register', {
      method: 'POST',
      headers: { 'lambda-extension-name': 'lambda-adapter' },
    });
    const { headers } = await answerTo(registering.end('{"events":[]}'), true);
    const identifier = String(headers['lambda-extension-identifier']);
    // It wants no events, and has to ask for one nevertheless: that is how Lambda knows that it is ready.
    toRuntime('/2020-01-01/extension/event/next', { headers: { 'lambda-extension-identifier': identifier } })
      .on('error', () => undefined)
      .end();
    const ready = untilReady();
    if (env.AWS_LWA_ASYNC_INIT === 'true')
      await Promise.race([ready, sleep(INIT, undefined, { ref: false })]);
    else await ready;
    while (!signal.aborted) {
      const response = await answerTo(toRuntime('/2018-06-01/runtime/invocation/next').end());
      const id = String(response.headers['lambda-runtime-aws-request-id']);
      const event = JSON.parse(await text(response)) as ProxyEvent;
      await ready;
      await handle(id, event);
    }
  }

  async function handle(id: string, event: ProxyEvent): Promise<void> {
    const path = `/2018-06-01/runtime/invocation/${id}`;
    try {
      const answer = await ask(id, event);
      if (env.AWS_LWA_INVOKE_MODE === 'response_stream') await stream(`${path}/response`, answer);
      else await sendWhole(`${path}/response`, answer);
    } catch (error) {
      if (signal.aborted) return;
      const body = { errorType: 'Error', errorMessage: (error as Error).message };
      await answerTo(toRuntime(`${path}/error`, { method: 'POST' }).end(JSON.stringify(body)), true);
    }
  }

  function ask(id: string, event: ProxyEvent): Promise<IncomingMessage> {
    const { rawPath, rawQueryString, cookies = [], headers, requestContext, isBase64Encoded = false } = event;
    // What is no request goes to a path for such events.
    const method = requestContext?.http?.method;
    const body = method
      ? Buffer.from(event.body ?? '', isBase64Encoded ? 'base64' : 'utf8')
      : Buffer.from(JSON.stringify(event));
    const sent = toApp({
      method: method ?? 'POST',
      path: method ? rawPath + (rawQueryString === '' ? '' : `?${rawQueryString}`) : '/events',
      headers: {
        ...headers,
        ...(cookies.length > 0 && { cookie: cookies.join('; ') }),
        'x-amzn-request-context': JSON.stringify(requestContext ?? {}),
        'x-amzn-lambda-context': JSON.stringify({ request_id: id }),
        ...(body.length > 0 && { 'content-length': body.length }),
      },
    });
    return answerTo(sent.end(body));
  }

  async function stream(path: string, answer: IncomingMessage): Promise<void> {
    const to = toRuntime(path, {
      method: 'POST',
      headers: {
        'content-type': 'application/vnd.awslambda.http-integration-response',
        'lambda-runtime-function-response-mode': 'streaming',
        'transfer-encoding': 'chunked',
        trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body',
      },
    });
    const taken = answerTo(to, true);
    to.write(Buffer.concat([Buffer.from(JSON.stringify(headOf(answer))), Buffer.alloc(8)]));
    try {
      for await (const piece of answer as AsyncIterable<Buffer>) {
        if (!to.write(piece)) await once(to, 'drain');
      }
    } catch (error) {
      // The head has gone: what is wrong can only be told behind the body.
      const body = { errorType: 'StreamError', errorMessage: (error as Error).message };
      to.addTrailers({
        'Lambda-Runtime-Function-Error-Type': 'StreamError',
        'Lambda-Runtime-Function-Error-Body': Buffer.from(JSON.stringify(body)).toString('base64'),
      });
    }
    to.end();
    await taken;
  }

  async function sendWhole(path: string, answer: IncomingMessage): Promise<void> {
    const bytes = await buffer(answer);
    const isText = /^(text\/|application\/(json|javascript|xml))/.test(answer.headers['content-type'] ?? '');
    const body = {
      ...headOf(answer),
      isBase64Encoded: !isText,
      body: bytes.toString(isText ? 'utf8' : 'base64'),
    };
    await answerTo(toRuntime(path, { method: 'POST' }).end(JSON.stringify(body)), true);
  }

  void run().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return { looks: () => looks, close: () => stopped.abort() };
}

function headOf({ statusCode, headers }: IncomingMessage): object {
  const { 'set-cookie': cookies = [], ...others } = headers;
  // The way on is chunked of its own.
  delete others['transfer-encoding'];
  const single = Object.entries(others).map(([name, value]) => [name, [value].flat().join(', ')]);
  return { statusCode, headers: Object.fromEntries(single) as Record<string, string>, cookies };
}

/** The answer to a request; read to its end and away, where `isUnread` says that nobody will. */
async function answerTo(request: ClientRequest, isUnread = false): Promise<IncomingMessage> {
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  request.on('error', () => undefined);
  if (isUnread) await buffer(response);
  return response;
}
