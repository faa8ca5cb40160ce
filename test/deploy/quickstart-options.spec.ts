// The options of quickstart.sh: what is refused, before anything is called, and what is told.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeTools, type FakeTools } from '../support/fake-tools.js';

const SCRIPT = 'quickstart.sh';
const TOKEN = 'r8_canary4711';
const DATABASE = 'postgresql://cerebro:canary4712@db.example.com/cerebro';

let tools: FakeTools;
beforeEach(() => {
  tools = fakeTools();
  for (const name of ['aws', 'sam', 'docker', 'curl', 'openssl', 'npm', 'node']) tools.add(name);
});
afterEach(() => tools.remove());

const run = (args: readonly string[]) => tools.run(SCRIPT, args);

describe('options', () => {
  it.each([
    [['--nonsense'], 'there is no option --nonsense'],
    [['nonsense'], 'there are only options'],
    [['--region'], '--region needs a value'],
    [['--stack-name', '--yes'], '--stack-name needs a value'],
    [['--stack-name', 'a b'], 'a stack name has letters'],
    [['--front-door', 'rest'], '--front-door is function-url or http-api, not rest'],
    [['--concurrency', 'many'], '--concurrency is a number, not many'],
    [['--param', 'x'], '--param is KEY=VALUE'],
    [['--public-url', 'http://x'], '--public-url is https://'],
    [['--database-url-secret-arn', 'cerebro'], 'a secret is named by its ARN'],
    [['--local', '--fargate'], 'take one'],
    [['--fargate'], '--fargate needs --public-url'],
  ])('%j is refused', async (args, problem) => {
    const { code, stderr } = await run(args);
    expect([code, tools.calls()]).toEqual([2, []]);
    expect(stderr).toContain(problem);
  });

  it('are never a secret, which is not repeated either', async () => {
    for (const args of [['--replicate-token', TOKEN], [`--database-url=${DATABASE}`]]) {
      const { code, stderr } = await run(args);
      expect(code).toBe(2);
      expect(stderr).toContain('secrets are no options');
      expect(stderr).not.toContain('canary');
    }
  });

  it('are all told by --help', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    for (const option of ['--local', '--fargate', '--dry-run', '--param', 'REPLICATE_API_TOKEN'])
      expect(stdout).toContain(option);
  });
});

const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0;
describe.skipIf(!hasShellcheck && process.env.CI !== 'true')(
  `shellcheck${hasShellcheck ? '' : ' (not installed: apt-get install shellcheck)'}`,
  () => {
    it('has nothing to say', () => {
      const file = fileURLToPath(new URL(`../../${SCRIPT}`, import.meta.url));
      const { stdout, status } = spawnSync('shellcheck', [file], { encoding: 'utf8' });
      expect([status, stdout]).toEqual([0, '']);
    });
  },
);
