// The Dockerfile as stages of plain instructions. What is not known here is an error, so that no instruction is passed
// over: carry-out.mjs does what this reads.
import { DockerfileParser } from 'dockerfile-ast';

/**
 * An instruction: its keyword, its arguments as they are written (`text`), as words, as names with values, and as the
 * strings of its exec form, as far as it has them, and its flags.
 *
 * @typedef {{ keyword: string, text: string, words: string[], pairs: [string, string | null][], exec: string[],
 *   flags: [string, string][], line: number }} Instruction
 */

/**
 * A stage; `base` is the name of an earlier stage or of an image, with its variables replaced.
 *
 * @typedef {{ name: string, base: string, instructions: Instruction[] }} Stage
 */

/** Instructions, and the flags that each may have. */
const known = {
  ARG: [],
  ENV: [],
  WORKDIR: [],
  COPY: ['from'],
  RUN: [],
  USER: [],
  EXPOSE: [],
  HEALTHCHECK: ['interval', 'timeout', 'start-period', 'retries'],
  CMD: [],
  ENTRYPOINT: [],
  LABEL: [],
};

/**
 * Reads a Dockerfile.
 *
 * @param {string} text
 * @param {Record<string, string>} buildArgs what `--build-arg` would give
 * @returns {{ args: Record<string, string>, stages: Stage[] }} `args` are those before the first stage
 */
export function parseDockerfile(text, buildArgs = {}) {
  /** @type {Record<string, string>} */
  const args = {};
  /** @type {Stage[]} */
  const stages = [];
  for (const node of DockerfileParser.parse(text).getInstructions()) {
    const instruction = plain(node);
    const { keyword, line, words } = instruction;
    if (keyword === 'FROM') {
      const base = expand(words[0] ?? '', args);
      stages.push({ name: node.getBuildStage() ?? String(stages.length), base, instructions: [] });
      continue;
    }
    check(instruction);
    const stage = stages.at(-1);
    if (stage) stage.instructions.push(instruction);
    else if (keyword === 'ARG') declare(args, instruction, buildArgs);
    else throw new Error(`Dockerfile:${line}: ${keyword} before the first FROM`);
  }
  return { args, stages };
}

/**
 * Adds what an ARG declares: what the build gives, its default, or what was declared before the first FROM.
 *
 * @param {Record<string, string>} scope
 * @param {Instruction} instruction
 * @param {Record<string, string>} buildArgs
 * @param {Record<string, string>} before
 */
export function declare(scope, { pairs }, buildArgs, before = {}) {
  for (const [name, value] of pairs) {
    const given = buildArgs[name] ?? (value === null ? before[name] : expand(value, scope));
    if (given !== undefined) scope[name] = given;
  }
}

/**
 * Replaces `$NAME` and `${NAME}`; an unknown variable is an error, unlike in Docker, where it is empty.
 *
 * @param {string} text
 * @param {Record<string, string>} scope
 */
export function expand(text, scope) {
  return text.replace(/\$(?:(\w+)|\{([^}]*)\})/g, (whole, plainName, bracedName) => {
    const value = scope[plainName ?? bracedName];
    if (value === undefined) throw new Error(`Dockerfile: the variable ${whole} is unknown`);
    return value;
  });
}

/**
 * The command of a HEALTHCHECK in its exec form.
 *
 * @param {Instruction} instruction
 * @returns {string[]}
 */
export function healthCommand({ text, line }) {
  const exec = /^CMD\s+(\[.*\])$/s.exec(text)?.[1];
  if (exec === undefined) throw new Error(`Dockerfile:${line}: HEALTHCHECK must be CMD with a list`);
  return JSON.parse(exec);
}

/** @returns {Instruction} */
function plain(node) {
  return {
    keyword: node.getKeyword(),
    line: node.getRange().start.line + 1,
    text: node.getArgumentsContent() ?? '',
    words: node.getArguments().map((argument) => argument.getValue()),
    pairs: (node.getProperties?.() ?? []).map((property) => [property.getName(), property.getValue()]),
    exec: (node.getJSONStrings?.() ?? []).map((argument) => argument.getJSONValue()),
    flags: (node.getFlags?.() ?? []).map((flag) => [flag.getName(), flag.getValue() ?? '']),
  };
}

function check({ keyword, flags, text, words, exec, line }) {
  const fail = (what) => {
    throw new Error(`Dockerfile:${line}: ${what}`);
  };
  const allowed = known[keyword] ?? fail(`${keyword} is not known to the replay`);
  for (const [name] of flags)
    if (!allowed.includes(name)) fail(`--${name} of ${keyword} is not known to the replay`);
  if (text.includes('<<')) fail('here-documents are not known to the replay');
  if (keyword === 'COPY' && words.length < 2) fail('COPY needs sources and a destination');
  if (['CMD', 'ENTRYPOINT'].includes(keyword) && exec.length === 0) {
    fail(`${keyword} must be a list: a shell in between keeps signals to itself`);
  }
}
