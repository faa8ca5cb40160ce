// The workflows of GitHub Actions in .github/workflows, as text and as what they say.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** A step of a job. */
export interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, unknown>>;
}

/** A job. */
export interface Job {
  readonly if?: string;
  readonly needs?: readonly string[];
  readonly permissions?: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix?: Readonly<Record<string, readonly string[]>> };
  readonly steps: readonly Step[];
}

/** A workflow. */
export interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly concurrency?: { readonly group: string };
  readonly jobs: Readonly<Record<string, Job>>;
}

/** A workflow's file. */
export interface WorkflowFile {
  /** From the project's folder. */
  readonly path: string;
  readonly text: string;
  readonly workflow: Workflow;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Every workflow. */
export function workflowFiles(): WorkflowFile[] {
  const folder = join('.github', 'workflows');
  return readdirSync(join(root, folder)).map((name) => {
    const path = join(folder, name);
    const text = readFileSync(join(root, path), 'utf8');
    return { path, text, workflow: parse(text) as Workflow };
  });
}
