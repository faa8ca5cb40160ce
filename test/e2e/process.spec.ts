// Starting, stopping, failing to start, and the command line, on the built code in real processes.
import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { request } from 'undici';
import { eventually } from '../support/gateway.js';
import { type GatewayProcess, runToEnd, startGateway, temporaryFolder } from '../support/process.js';

const folder = temporaryFolder();
const running = new Set<GatewayProcess>();
afterEach(async () => {
  await Promise.all([...running].map((gateway) => gateway.end('SIGTERM')));
  running.clear();
});
afterAll(() => folder.remove());

async function start(env: Record<string, string> = {}): Promise<GatewayProcess> {
  const gateway = await startGateway({ CEREBRO_DATA_DIR: folder.path, ...env });
  running.add(gateway);
  return gateway;
}

async function ask(
  gateway: GatewayProcess,
  body: object,
  key = gateway.key,
): Promise<{ status: number; json: never }> {
  const answer = await request(`${gateway.url}/v1/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.statusCode, json: (await answer.body.json()) as never };
}

/** The sandbox's address, from the picture in the request that the gateway prints. */
const sandboxOf = (gateway: GatewayProcess): string =>
  /http:\/\/127\.0\.0\.1:\d+(?=\/pictures)/.exec(gateway.output())?.[0] ?? '';

const aboutInvoice = (gateway: GatewayProcess) => ({
  prompt: 'What does this document say?',
  image_urls: `${sandboxOf(gateway)}/pictures/invoice.png`,
});

describe('a start', () => {
  it('prints a request that, pasted into a shell, is answered about a real picture', async () => {
    const gateway = await start();
    const command = gateway.output().slice(gateway.output().indexOf('curl ')).trim();
    const { stdout } = await promisify(execFile)('bash', ['-c', command]);
    const answer = JSON.parse(stdout) as { choices: { text: string }[]; object: string };
    expect(answer.object).toBe('text_completion');
    expect(answer.choices[0]?.text).toContain('INVOICE');
    expect(answer.choices[0]?.text).toMatch(/sandbox/i);
  });

  it('keeps its data, its keys and its tenants for the next one', async () => {
    const first = await start();
    running.delete(first);
    expect((await first.end('SIGTERM')).code).toBe(0);
    const second = await start();
    expect(second.key).toBe(first.key);
    expect((await ask(second, aboutInvoice(second))).status).toBe(200);
    const tenants = await request(`${second.url}/admin/tenants`, {
      headers: { authorization: `Bearer ${second.adminKey}` },
    });
    expect(((await tenants.body.json()) as { data: unknown[] }).data).toHaveLength(1);
  });

  it('warns that traces go by another protocol than the one asked for', async () => {
    const gateway = await start({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    });
    expect(gateway.output()).toMatch(/"level":"warn".*OTEL_EXPORTER_OTLP_PROTOCOL asks for a protocol/);
  });

  it('takes over what a killed one left behind (H9)', async () => {
    const first = await start();
    running.delete(first);
    await first.end('SIGKILL');
    const second = await start();
    expect((await ask(second, aboutInvoice(second))).status).toBe(200);
  });
});

describe('a gateway whose embedded database is ended by somebody else', () => {
  it('answers 503, says why, and ends (H1)', async () => {
    const gateway = await start();
    running.delete(gateway);
    const pidFile = readFileSync(join(folder.path, 'postgres', 'postmaster.pid'), 'utf8');
    const ended = new Promise((resolve) => gateway.child.once('close', resolve));
    process.kill(Number(pidFile.split('\n')[0]), 'SIGKILL');
    await eventually('not ready', async () => (await request(`${gateway.url}/readyz`)).statusCode === 503);
    expect(await ended).toBe(1);
    expect(gateway.output()).toContain('Start Cerebro again');
    running.add(await startGateway({ CEREBRO_DATA_DIR: folder.path }));
  });
});

describe('a start that cannot be', () => {
  const expectOneLine = async (env: Record<string, string>, words: RegExp) => {
    const own = temporaryFolder();
    try {
      const { code, stderr, stdout } = await runToEnd(['main'], {
        CEREBRO_DATA_DIR: own.path,
        PORT: '0',
        ...env,
      });
      expect(stderr.trim().split('\n'), stderr).toHaveLength(1);
      expect(stderr).toMatch(words);
      expect(stderr).not.toMatch(/ at .*:\d+:\d+/);
      expect(stdout).not.toContain('Try it');
      expect(code).toBe(1);
    } finally {
      own.remove();
    }
  };

  it('says that its port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    await expectOneLine({ PORT: String(port) }, new RegExp(`port ${port} is in use`));
    await new Promise((resolve) => other.close(resolve));
  });

  it('says that its data folder cannot be written', async () => {
    const file = join(folder.path, 'a-file');
    writeFileSync(file, '');
    await expectOneLine({ CEREBRO_DATA_DIR: join(file, 'below') }, /data folder .*a-file.*CEREBRO_DATA_DIR/);
  });

  it('says that another one uses its data folder', async () => {
    await start();
    await expectOneLine({ CEREBRO_DATA_DIR: folder.path }, /in use by another/);
  });

  it('names every wrong variable and no value (E19, H18)', async () => {
    await expectOneLine(
      { PORT: 'hunter2', LOG_LEVEL: 'hunter2' },
      /^(?!.*hunter2).*PORT must.*LOG_LEVEL must/,
    );
  });

  it('names what is wrong with models in the same line, each once (E19)', async () => {
    const file = join(folder.path, 'bad-models.json');
    writeFileSync(file, '{"models": {"claims": {}}}');
    const once = (name: string) => `(?!.*${name}.*${name})(?=.*${name})`;
    await expectOneLine(
      {
        PORT: 'hunter2',
        PGSSLMODE: 'Require',
        CEREBRO_MODELS: 'a b',
        CEREBRO_MODELS_FILE: file,
      },
      new RegExp(
        ['PORT must', 'PGSSLMODE must', 'CEREBRO_MODELS must', 'models.claims.model is missing']
          .map(once)
          .join(''),
      ),
    );
    await expectOneLine(
      { PORT: 'hunter2', CEREBRO_DEFAULT_HARDWARE: 'gpu-none' },
      /^Cerebro cannot start: PORT must [^;]*; CEREBRO_DEFAULT_HARDWARE must be one of [^;]*$/,
    );
    await expectOneLine(
      { CEREBRO_DEFAULT_HARDWARE: 'gpu-none' },
      /^Cerebro cannot start: CEREBRO_DEFAULT_HARDWARE must be one of [^;]*$/,
    );
  });

  it('knows no other environment than its three', async () => {
    await expectOneLine({ NODE_ENV: 'produktion' }, /NODE_ENV must be one of development, test, production/);
  });

  it('says that its host is none', async () => {
    await expectOneLine({ HOST: 'nonsense.invalid' }, /HOST is no address/);
  });

  it('names what production requires', async () => {
    await expectOneLine(
      { NODE_ENV: 'production' },
      /DATABASE_URL is required.*REPLICATE_API_TOKEN is required.*CEREBRO_ADMIN_KEY is required.*CEREBRO_KEY_PEPPER is required/,
    );
  });

  it('says that its database cannot be reached (H16)', async () => {
    await expectOneLine(
      { DATABASE_URL: 'postgresql://cerebro:hunter2@127.0.0.1:9/cerebro' },
      /^(?!.*hunter2).*database/i,
    );
  });
});

describe('a stop', () => {
  let gateway: GatewayProcess;

  const slow = async (milliseconds: number) => {
    await request(`${sandboxOf(gateway)}/sandbox/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([{ boot: milliseconds }]),
    });
    const answer = ask(gateway, aboutInvoice(gateway));
    await new Promise((resolve) => setTimeout(resolve, 300));
    return answer;
  };

  it('lets running requests finish, takes no new ones, and exits 0 (H7)', async () => {
    gateway = await start();
    running.delete(gateway);
    const pending = slowly(() => slow(1500));
    await new Promise((resolve) => setTimeout(resolve, 600));
    const ended = gateway.end('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 200));
    await expect(request(`${gateway.url}/healthz`)).rejects.toThrow();
    expect((await pending).status).toBe(200);
    expect((await ended).code).toBe(0);
  });

  it('cuts off and cancels what outlasts the drain limit', async () => {
    gateway = await start({ CEREBRO_DRAIN_TIMEOUT: '300ms' });
    running.delete(gateway);
    const pending = slowly(() => slow(60_000));
    await new Promise((resolve) => setTimeout(resolve, 600));
    const ended = gateway.end('SIGTERM');
    const { status, json } = await pending;
    expect(status).toBe(503);
    expect(json).toMatchObject({ error: { code: 'shutting_down' } });
    expect((await ended).code).toBe(0);
  });

  it('is immediate at the second signal (H8)', async () => {
    gateway = await start();
    running.delete(gateway);
    const pending = slowly(() => slow(60_000)).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 600));
    const ended = gateway.end('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 300));
    gateway.child.kill('SIGINT');
    expect((await ended).code).not.toBe(0);
    await pending;
    await eventually('the next start works', async () => {
      gateway = await start();
      return true;
    });
  });
});

/** Runs without being awaited yet. */
function slowly<Value>(act: () => Promise<Value>): Promise<Value> {
  const promise = act();
  promise.catch(() => undefined);
  return promise;
}

describe('the command line', () => {
  const cli = async (...args: string[]) => {
    const { code, stdout, stderr } = await runToEnd(['cli', ...args], { CEREBRO_DATA_DIR: folder.path });
    return { code, stderr, json: (stdout.startsWith('{') ? JSON.parse(stdout) : undefined) as never, stdout };
  };

  it('creates tenants and keys that the running gateway takes, and revokes them', async () => {
    const gateway = await start();
    const { json: tenant } = await cli('tenant', 'create', 'From the terminal');
    const { id } = tenant as { id: string };
    const { json: created } = await cli('key', 'create', '--tenant', id, '--name', 'k');
    const { key, id: keyId } = created as { key: string; id: string };
    expect((await ask(gateway, aboutInvoice(gateway), key)).status).toBe(200);
    expect(JSON.stringify((await cli('key', 'list', '--tenant', id)).json)).not.toContain(key);
    expect((await cli('key', 'revoke', keyId)).json).toMatchObject({
      id: keyId,
      revoked_at: expect.any(Number) as number,
    });
    // Another process's revocation counts when the key is looked up again, after ten seconds at most.
    const refused = async () => (await ask(gateway, aboutInvoice(gateway), key)).status === 401;
    await eventually('the key is refused', refused, 20_000);
  });

  it('works several times at once while no gateway runs', async () => {
    const all = await Promise.all([1, 2, 3].map(() => cli('tenant', 'list')));
    for (const { code, stderr } of all) expect(code, stderr).toBe(0);
  });

  it('works while no gateway runs', async () => {
    const { code, json } = await cli('tenant', 'list');
    expect(code).toBe(0);
    expect((json as { data: unknown[] }).data.length).toBeGreaterThan(0);
  });

  it.each([
    [['key', 'revoke', 'key_nope'], /No such key/],
    [['key', 'create', '--tenant', 'ten_nope', '--name', 'x'], /No such tenant/],
    [['key', 'create', '--name', 'x'], /required option '--tenant <id>'/],
    [['tenant', 'create', ''], /1 to 200 characters/],
    [['tenant', 'explode'], /unknown command/],
  ])('says in plain words what is wrong with %j', async (args, words) => {
    const { code, stderr } = await cli(...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(words);
    expect(stderr).not.toMatch(/ at .*:\d+:\d+/);
  });
});
