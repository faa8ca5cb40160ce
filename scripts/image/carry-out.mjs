// Carries out the stages of a Dockerfile, each in a folder of its own that stands for the stage's root. Commands really
// run, but on this machine: what needs a registry of images, or a root file system, is said and not done.
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { contextFiles } from './build-context.mjs';
import { declare, expand, healthCommand } from './dockerfile.mjs';

/**
 * What a stage has come to. Without a `folder` it is an image from elsewhere, whose files are not known here.
 *
 * @typedef {{ folder?: string, workdir: string, env: Record<string, string>, labels: Record<string, string>,
 *   user?: string, port?: string, cmd: string[], entrypoint: string[], health?: string[] }} Built
 */

/**
 * Carries out the stages that `target` needs, and returns them by name.
 *
 * @param {{ stages: import('./dockerfile.mjs').Stage[], args: Record<string, string>, target: string, source: string,
 *   work: string, commandEnv: Record<string, string>, buildArgs: Record<string, string>,
 *   say: (text: string) => void }} options `source` is the build context, `work` an empty folder
 * @returns {Map<string, Built>}
 */
export function carryOut({ stages, args, target, source, work, commandEnv, buildArgs, say }) {
  const built = new Map();
  const files = contextFiles(source);
  const needed = stagesFor(target, stages);
  for (const stage of stages.filter(({ name }) => needed.has(name))) {
    const base = built.get(stage.base);
    if (!base) say(`stage ${stage.name}: the files of ${stage.base} are not here; the folder begins empty`);
    const state = base ? { ...base, env: { ...base.env }, labels: { ...base.labels } } : emptyStage();
    const changesFiles = stage.instructions.some(({ keyword }) => doesChangeFiles(keyword));
    if (!base || changesFiles) {
      state.folder = join(work, stage.name);
      mkdirSync(state.folder, { recursive: true });
      if (base) copyTree(base.folder, state.folder);
    }
    const scope = { args, locals: {}, built, files, source, commandEnv, buildArgs, say: sayer(say, stage) };
    for (const instruction of stage.instructions) steps[instruction.keyword](state, instruction, scope);
    built.set(stage.name, state);
  }
  return built;
}

/** A stage, those it begins with and those it copies from. */
function stagesFor(target, stages) {
  const found = new Set();
  const visit = (name) => {
    const stage = stages.find((candidate) => candidate.name === name);
    if (!stage || found.has(name)) return;
    found.add(name);
    visit(stage.base);
    for (const { flags } of stage.instructions)
      for (const [flag, value] of flags) if (flag === 'from') visit(value);
  };
  visit(target);
  return found;
}

const sayer =
  (say, { name }) =>
  (text) =>
    say(`stage ${name}: ${text}`);
const doesChangeFiles = (keyword) => ['COPY', 'RUN', 'WORKDIR'].includes(keyword);
const emptyStage = () => ({ workdir: '/', env: {}, labels: {}, cmd: [], entrypoint: [] });
const variables = (state, { locals }) => ({ ...locals, ...state.env });

const steps = {
  ARG: (state, instruction, { locals, buildArgs, args }) => declare(locals, instruction, buildArgs, args),
  ENV: (state, { pairs }, scope) => {
    const values = variables(state, scope);
    for (const [name, value] of pairs) state.env[name] = expand(value ?? '', values);
  },
  LABEL: (state, { pairs }, scope) => {
    for (const [name, value] of pairs) state.labels[name] = expand(value ?? '', variables(state, scope));
  },
  WORKDIR: (state, { text }, scope) => {
    state.workdir = posix.resolve(state.workdir, expand(text, variables(state, scope)));
    mkdirSync(join(state.folder, state.workdir), { recursive: true });
  },
  COPY: copy,
  RUN: run,
  USER: (state, { text }) => void (state.user = text),
  EXPOSE: (state, { text }) => void (state.port = text),
  CMD: (state, { exec }) => void (state.cmd = exec),
  ENTRYPOINT: (state, { exec }) => void (state.entrypoint = exec),
  HEALTHCHECK: (state, instruction) => void (state.health = healthCommand(instruction)),
};

function copy(state, { words, flags, line }, { built, files, source, say }) {
  const to = words.at(-1);
  const target = join(state.folder, posix.resolve(state.workdir, to));
  const intoFolder = to.endsWith('/') || words.length > 2;
  const from = flags.find(([name]) => name === 'from')?.[1];
  const given = built.get(from);
  if (from !== undefined && given === undefined) return say(`not done: COPY from the image ${from}`);
  for (const name of words.slice(0, -1)) {
    const copied = given
      ? copyPath(join(given.folder, name), target, intoFolder)
      : copyFromContext({ name: posix.normalize(name), target, intoFolder, files, source });
    if (!copied) throw new Error(`Dockerfile:${line}: COPY: there is no ${name}`);
  }
}

/** The content of a folder, or a file. Returns whether there was any. */
function copyPath(path, target, intoFolder) {
  if (!existsSync(path)) return false;
  if (statSync(path).isDirectory()) copyTree(path, target);
  else copyOne(path, intoFolder ? join(target, basename(path)) : target);
  return true;
}

function copyFromContext({ name, target, intoFolder, files, source }) {
  if (files.includes(name)) return copyPath(join(source, name), target, intoFolder);
  const inside = files.filter((file) => file.startsWith(`${name}/`));
  for (const file of inside) copyOne(join(source, file), join(target, file.slice(name.length + 1)));
  return inside.length > 0;
}

function copyOne(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

function copyTree(from, to) {
  cpSync(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
}

function run(state, { text, line }, { locals, commandEnv, say }) {
  const cwd = join(state.folder, state.workdir);
  if (/(^|[\s"'=(;|&<>])\/(?!dev\/null\b)/.test(text)) {
    throw new Error(`Dockerfile:${line}: RUN names an absolute path, which would be one of this machine`);
  }
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', text], {
    cwd,
    encoding: 'utf8',
    env: { ...commandEnv, ...locals, ...state.env },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0)
    throw new Error(`Dockerfile:${line}: RUN ${text} ended with ${status}\n${stdout}${stderr}`);
  say(
    `RUN ${text.replace(/\s+/g, ' ').slice(0, 60)}: ${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
}
