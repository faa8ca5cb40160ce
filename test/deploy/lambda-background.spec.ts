// What becomes on AWS Lambda of work that no request waits for: instances freeze between requests, and are ended.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readTemplate } from '../support/cloudformation.js';
import { eventually, question } from '../support/gateway.js';
import {
  invoke,
  type LambdaDeployment,
  send,
  startLambdaDeployment,
  TOKEN,
  webhook,
} from '../support/lambda-deployment.js';
import type { LambdaFunction } from '../support/lambda-function.js';
import { ledger } from '../support/ledger.js';

/** After so long without a sign of life a node is taken for dead, in milliseconds: see the node's lease. */
const LONGER_THAN_A_LEASE = 17_000;

let deployment: LambdaDeployment;
let gateway: LambdaFunction;
let key: string;
beforeEach(async () => {
  deployment = await startLambdaDeployment();
  gateway = await deployment.start();
  key = await deployment.makeKey(gateway.runtime);
});
afterEach(() => deployment.close());

const complete = (prompt: string) => ({
  method: 'POST',
  path: '/v1/completions',
  key,
  body: { ...question(), prompt },
});

it('works on after a freeze longer than its lease, while another is awake, and bills nothing twice', async () => {
  const awake = await deployment.start();
  const ask = async (prompt: string, { runtime }: LambdaFunction) =>
    (await send(complete(prompt), { to: runtime })).statusCode;
  const statuses = [await ask('Before?', gateway)];
  await gateway.runtime.idle();
  gateway.freeze();
  statuses.push(await ask('Meanwhile?', awake));
  await new Promise((resolve) => setTimeout(resolve, LONGER_THAN_A_LEASE));
  gateway.thaw();
  statuses.push(...(await Promise.all([ask('After?', gateway), ask('After, too?', awake)])));
  expect(statuses).toEqual([200, 200, 200, 200]);
  expect(deployment.sandbox.bill.creates).toBe(4);
  await deployment.expectOneBill();
}, 90_000);

/** A prediction of an instance that Lambda has ended in the middle; every other is frozen. */
async function abandoned(): Promise<string> {
  const { sandbox, databaseUrl } = deployment;
  sandbox.script({ run: 3000 });
  void invoke(complete('Left?'), { to: gateway.runtime }).answer.catch(() => undefined);
  await eventually('a prediction that runs', () => sandbox.bill.creates === 1);
  gateway.child.kill('SIGKILL');
  const [line] = await ledger({ databaseUrl });
  expect(line?.settled_at).toBeNull();
  return line?.id ?? '';
}

it('settles what an ended instance has left by the webhook, which is a request', async () => {
  const other = await deployment.start();
  await send({ path: '/healthz' }, { to: other.runtime });
  const id = await abandoned();
  const { baseUrl, bill } = deployment.sandbox;
  const headers = { authorization: `Bearer ${TOKEN}` };
  let report = '';
  await eventually('the end of the prediction', async () => {
    const answer = await fetch(`${baseUrl}/predictions/${bill.entries[0]?.predictionId}`, { headers });
    report = await answer.text();
    return (JSON.parse(report) as { status: string }).status === 'succeeded';
  });
  const heard = await send(webhook(id, report), { to: other.runtime });
  expect([heard.statusCode, heard.text]).toEqual([200, '{"received":true}']);
  const [line] = await ledger(deployment);
  expect(line).toMatchObject({ id, state: 'succeeded', settled_at: expect.any(Date) as Date });
  await deployment.expectOneBill();
}, 60_000);

it('settles what an ended instance has left in one tick of the caretaker, where no webhook comes', async () => {
  await abandoned();
  const caretaker = await deployment.start('CaretakerFunction');
  const { Events } = readTemplate('template.yaml').Resources.CaretakerFunction?.Properties as {
    Events: { Tick: { Properties: { Input: string } } };
  };
  const tick = caretaker.runtime.invoke(JSON.parse(Events.Tick.Properties.Input) as object);
  expect((await tick.answer).statusCode).toBe(200);
  caretaker.freeze();
  const [line] = await ledger(deployment);
  expect(line).toMatchObject({ state: 'succeeded', settled_at: expect.any(Date) as Date });
  await deployment.expectOneBill();
}, 120_000);
