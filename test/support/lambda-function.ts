// A function of template.yaml as Lambda runs it: the image's files, the template's environment, and nothing else.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readTemplate, resolve, resourcesOf } from './cloudformation.js';
import { freePort } from './gateway.js';
import { type LambdaAdapter, startLambdaAdapter } from './lambda-adapter.js';
import { type LambdaRuntime, startLambdaRuntime } from './lambda-runtime.js';
import { temporaryFolder } from './process.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Nobody in particular, as in Lambda. */
const NOBODY = 65534;

/** An instance of a function. */
export interface LambdaFunction {
  readonly child: ChildProcess;
  readonly env: Readonly<Record<string, string>>;
  readonly runtime: LambdaRuntime;
  readonly adapter: LambdaAdapter;
  readonly output: () => string;
  /** Stops the process where it is, as Lambda does between invocations, or lets it go on. */
  freeze(): void;
  thaw(): void;
  /** Ends all of it, without a word. */
  kill(): Promise<void>;
}

/** What an instance is made of. */
export interface LambdaFunctionOptions {
  /** Of the template: `GatewayFunction` or `CaretakerFunction`. */
  readonly id?: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** What the template's own resources are, such as `KeyPepperSecret`. */
  readonly values: Readonly<Record<string, string>>;
  /** Variables of Lambda's own, and where the world outside is, which here is on loopback. */
  readonly surroundings: Readonly<Record<string, string>>;
}

/** The environment that the template gives a function. */
export function lambdaEnvironment({
  id = 'GatewayFunction',
  parameters,
  values,
}: LambdaFunctionOptions): Record<string, string> {
  const template = readTemplate('template.yaml');
  const { Variables } = resourcesOf(template)[id]?.Properties?.Environment as { Variables: object };
  const resolved = Object.entries(resolve(template, Variables, { parameters, values }) as object);
  return Object.fromEntries(resolved.map(([name, value]) => [name, String(value)]));
}

/** Starts an instance. It may not be ready yet: the adapter waits for that. */
export async function startLambdaFunction(options: LambdaFunctionOptions): Promise<LambdaFunction> {
  const folder = imageFolder();
  const runtime = await startLambdaRuntime();
  const env = await withFreePorts(lambdaEnvironment(options));
  const [program = '', ...args] = commandOf(options.id);
  const child = spawn(program === 'node' ? process.execPath : program, args, {
    cwd: folder.path,
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      TZ: ':UTC',
      AWS_REGION: 'eu-central-1',
      AWS_LAMBDA_FUNCTION_NAME: 'cerebro',
      AWS_LAMBDA_RUNTIME_API: runtime.address,
      LAMBDA_TASK_ROOT: '/var/task',
      ...options.surroundings,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(process.getuid?.() === 0 && { uid: NOBODY, gid: NOBODY }),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'close');
  const adapter = startLambdaAdapter(env, runtime.address);
  return {
    child,
    env,
    runtime,
    adapter,
    output: () => output,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    kill: async () => {
      adapter.close();
      child.kill('SIGKILL');
      await ended;
      await runtime.close();
      folder.remove();
    },
  };
}

/** The image's command, or the template's own. */
function commandOf(id = 'GatewayFunction'): string[] {
  const { ImageConfig } = resourcesOf(readTemplate('template.yaml'))[id]?.Properties ?? {};
  return (ImageConfig as { Command?: string[] } | undefined)?.Command ?? ['node', 'scripts/run.mjs', 'main'];
}

/** What the Dockerfile puts into /app, in a folder that cannot be written to. */
function imageFolder(): { readonly path: string; readonly remove: () => void } {
  const { path, remove } = temporaryFolder();
  for (const name of ['dist', 'node_modules', 'prisma', 'package.json'])
    symlinkSync(join(root, name), join(path, name));
  mkdirSync(join(path, 'scripts'));
  copyFileSync(join(root, 'scripts/run.mjs'), join(path, 'scripts/run.mjs'));
  chmodSync(join(path, 'scripts'), 0o555);
  chmodSync(path, 0o555);
  return {
    path,
    remove: () => {
      chmodSync(path, 0o755);
      chmodSync(join(path, 'scripts'), 0o755);
      remove();
    },
  };
}

/** In Lambda every instance has a machine of its own; here they share one. */
async function withFreePorts(env: Record<string, string>): Promise<Record<string, string>> {
  const ports = new Map<string, string>();
  const result = { ...env };
  for (const name of ['PORT', 'AWS_LWA_PORT', 'AWS_LWA_READINESS_CHECK_PORT']) {
    const port = env[name];
    if (port === undefined) continue;
    if (!ports.has(port)) ports.set(port, String(await freePort()));
    result[name] = ports.get(port) ?? port;
  }
  return result;
}
