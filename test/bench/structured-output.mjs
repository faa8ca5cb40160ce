// How many realistic answers end as JSON that fits: at once, after repair, after one re-ask. Prints a table. The
// answers to re-asks are the corpus's: this measures what becomes of answers, not how good a model is.
import { corpus } from '../fixtures/structured-output/corpus.mjs';

const dist = new URL('../../dist/structured-output/', import.meta.url);
await import('reflect-metadata');
const { StructuredOutput } = await import(new URL('structured-output.service.js', dist).href);

const columns = ['at once', 'repaired', 'after one re-ask', 'never'];
const structured = new StructuredOutput();
const counts = new Map();
const started = performance.now();
let judged = 0;

for (const { name, schema, cases } of corpus) {
  const form = { kind: 'json_schema', name, schema, param: 'response_format.json_schema.schema' };
  await structured.check(form);
  for (const example of cases) {
    const row = counts.get(example.kind) ?? Object.fromEntries(columns.map((column) => [column, 0]));
    row[await end(form, example)] += 1;
    counts.set(example.kind, row);
  }
}
const milliseconds = (performance.now() - started) / judged;
await structured.onApplicationShutdown();

/** As the gateway does it: no re-ask where the token limit cut the answer. */
async function end(form, example) {
  const verdict = await judge(form, example);
  if (verdict.kind === 'valid') return verdict.repaired ? 'repaired' : 'at once';
  if (!example.again || (verdict.kind === 'truncated' && example.ended === 'length')) return 'never';
  return (await judge(form, example.again)).kind === 'valid' ? 'after one re-ask' : 'never';
}

function judge(form, { answer, ended = 'stop' }) {
  judged += 1;
  return structured.judge(form, answer, ended);
}

const line = (cells) => `| ${cells.join(' | ')} |`;
const sum = (row) => columns.reduce((total, column) => total + row[column], 0);
const totals = Object.fromEntries(
  columns.map((column) => [column, [...counts.values()].reduce((total, row) => total + row[column], 0)]),
);
const all = sum(totals);
const rows = [...counts].sort(([a, x], [b, y]) => sum(y) - sum(x) || (a < b ? -1 : 1));
const share = (count) => `${((100 * count) / all).toFixed(0)} %`;

console.log(
  [
    line(['answer', 'count', ...columns]),
    line(['---', '--:', ...columns.map(() => '--:')]),
    ...rows.map(([kind, row]) => line([kind, sum(row), ...columns.map((column) => row[column] || '')])),
    line(['**all**', all, ...columns.map((column) => totals[column])]),
    line(['', '', ...columns.map((column) => share(totals[column]))]),
  ].join('\n'),
);
console.error(`${judged} answers judged, ${milliseconds.toFixed(2)} ms each, the thread's start included.`);
