// Replays the corpus of models' answers; what should become of each was decided by reading it.
import { afterAll, describe, expect, it } from 'vitest';
import { corpus } from '../../test/fixtures/structured-output/corpus.mjs';
import type { AnswerForm } from './answer-form.js';
import { StructuredOutput } from './structured-output.service.js';
import type { Verdict } from './verdict.js';

type Attempt = Omit<(typeof corpus)[number]['cases'][number], 'kind' | 'again'>;

const structured = new StructuredOutput();
afterAll(() => structured.onApplicationShutdown());

async function expectVerdict(form: AnswerForm, attempt: Attempt): Promise<void> {
  const verdict = await structured.judge(form, attempt.answer, attempt.ended ?? 'stop');
  expect(summary(verdict)).toEqual(attempt.expected);
  if (verdict.kind === 'valid') expect(JSON.parse(verdict.json)).toEqual(attempt.data);
  if (verdict.kind === 'invalid') expect(verdict.problem).toContain(attempt.says ?? '');
}

function summary(verdict: Verdict): Attempt['expected'] {
  if (verdict.kind !== 'valid') return verdict.kind;
  return verdict.repaired ? 'repaired' : 'valid';
}

describe.each([...corpus])('the schema $name', ({ name, schema, cases }) => {
  const form: AnswerForm = { kind: 'json_schema', name, schema, param: 'response_format.json_schema.schema' };

  it('compiles', async () => {
    await expect(structured.check(form)).resolves.toBeUndefined();
  });

  it.each([...cases])('judges as a person would: $kind', async ({ again, ...first }) => {
    await expectVerdict(form, first);
    if (again) await expectVerdict(form, again);
  });
});

describe('the corpus', () => {
  it('has ten schemas and seventy answers, and an answer to every re-ask', () => {
    const cases = corpus.flatMap((entry) => entry.cases);
    expect(corpus.length).toBeGreaterThanOrEqual(10);
    expect(cases.length).toBeGreaterThanOrEqual(70);
    const needy = cases.filter(({ expected }) => expected === 'invalid');
    expect(needy.filter(({ again }) => again === undefined)).toEqual([]);
  });
});
