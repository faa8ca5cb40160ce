// A Replicate that takes a request and then says nothing, or says it byte by byte (A13): nobody waits for ever, and
// what runs is found and ended. The transport's own limits are ten seconds, so these cases run side by side.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, ledger } from '../support/ledger.js';

/** Longer than the transport waits for the head of an answer, in milliseconds. */
const LONGEST = 16_000;

let patient: TestGateway;
let hasty: TestGateway;
beforeAll(async () => {
  patient = await startTestGateway({ sandbox: { maxHold: 100 } });
  hasty = await startTestGateway({ settings: { predictionTimeoutMs: 2000 }, sandbox: { maxHold: 100 } });
});
afterAll(async () => {
  await Promise.all([patient, hasty].map(expectOneBill));
  await patient.close();
  await hasty.close();
});

/** Scripts a fault for the one question that has `prompt` in it. */
const script = ({ sandbox }: TestGateway, prompt: string, fault: object) =>
  sandbox.script({ ...fault, match: { inputIncludes: prompt } });
const entryOf = ({ sandbox }: TestGateway, asked: string) =>
  sandbox.bill.entries.find(({ input }) => input.prompt === asked);
const lineOf = async (gateway: TestGateway, prompt: string) => {
  const id = entryOf(gateway, prompt)?.predictionId;
  return (await ledger(gateway)).find(({ upstream_id }) => upstream_id === id && id !== undefined);
};
const expectEnded = async (gateway: TestGateway, prompt: string) => {
  await eventually(
    `${prompt} has ended`,
    () => /aborted|canceled/.test(entryOf(gateway, prompt)?.status ?? ''),
    LONGEST,
  );
  await eventually(
    `${prompt} is settled`,
    async () => (await lineOf(gateway, prompt))?.settled_at != null,
    LONGEST,
  );
};

describe.concurrent('a silent Replicate', () => {
  it('is asked again where a read was not answered', async () => {
    const prompt = 'a read without headers';
    script(patient, prompt, { boot: 300, output: 'in the end', onGet: { headersNever: true } });
    const { status, json } = await patient.complete({ prompt });
    expect(status).toBe(200);
    expect(json).toMatchObject({ choices: [{ text: 'in the end' }] });
  });

  it('does not hold up the deadline where reads are never answered', async () => {
    const prompt = 'reads without headers';
    script(hasty, prompt, { hang: true, onGet: { headersNever: true, times: 100 } });
    const { status, json } = await hasty.complete({ prompt });
    expect(status).toBe(504);
    expect(json).toMatchObject({ error: { code: 'prediction_timeout' } });
    await expectEnded(hasty, prompt);
  });

  it('does not hold up the deadline where the create is never answered, and what runs is ended', async () => {
    const prompt = 'a create without headers';
    script(hasty, prompt, { hang: true, headersNever: true });
    const { status, json, headers } = await hasty.complete({ prompt });
    expect(status).toBe(504);
    expect(json).toMatchObject({ error: { code: 'prediction_timeout' } });
    expect(headers['x-should-retry']).toBe('false');
    await expectEnded(hasty, prompt);
  });

  it('does not hold up the deadline where the answer comes byte by byte, and its bill is kept', async () => {
    const prompt = 'a slow body';
    script(hasty, prompt, { output: 'too late', bodySlow: 6000 });
    expect((await hasty.complete({ prompt })).status).toBe(504);
    await eventually('settled', async () => (await lineOf(hasty, prompt))?.settled_at != null, LONGEST);
    expect(await lineOf(hasty, prompt)).toMatchObject({ state: 'succeeded' });
  });

  it('is told again to cancel where the first time was not answered', async () => {
    const prompt = 'a cancel without headers';
    script(patient, prompt, { hang: true, onCancel: { headersNever: true } });
    const signal = AbortSignal.timeout(500);
    await expect(patient.complete({ prompt }, { signal })).rejects.toThrow();
    await expectEnded(patient, prompt);
    const { path = '' } = patient.sandbox.requests.find((request) => request.path.endsWith('/cancel')) ?? {};
    expect(path).toContain(entryOf(patient, prompt)?.predictionId);
  });

  it('holds up nobody else', async () => {
    expect((await patient.complete()).status).toBe(200);
  });
});
