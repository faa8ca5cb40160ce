// The three ways to create a prediction. A create passes, in order: scripted refusals, the checks of its body
// and headers, acceptance (from here on it is billed), the wait, and the answer.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { workOf } from '../answering/answer.js';
import { readCreateBody, type CreateOrder, type PathTarget } from '../create-body.js';
import type { CreateSeen } from '../faults/fault-script.js';
import { isAccepted, type AcceptedFault, type Fault } from '../faults/fault.js';
import { isJsonObject } from '../json.js';
import { findModel, fullName, latestVersion, resolveVersion } from '../models/catalogue.js';
import { findDeployment } from '../models/deployments.js';
import { readPreferences } from '../preferences.js';
import type { PredictionRun } from '../predictions/prediction-run.js';
import type { AccountOrder } from '../predictions/predictions.store.js';
import { createdBody, predictionUrls, readBody } from '../predictions/prediction.wire.js';
import { isProblem, notFound } from '../problem.js';
import { accountOfCaller } from './gate.js';
import { closed, refuse, resetConnection, sendDamaged, sendProblem } from './replies.js';
import { wireContext, type SandboxState } from './sandbox-state.js';

interface NamePath {
  readonly owner: string;
  readonly name: string;
}

/** Adds `POST /predictions`, and below `/models/{owner}/{name}` and `/deployments/{owner}/{name}`. */
export function addCreateRoutes(api: FastifyInstance, state: SandboxState): void {
  api.post('/predictions', (request, reply) => create(state, request, reply));
  api.post<{ Params: NamePath }>('/models/:owner/:name/predictions', (request, reply) => {
    const model = findModel(request.params.owner, request.params.name);
    const target = model?.official ? latestVersion(model) : undefined;
    return target ? create(state, request, reply, { target }) : sendProblem(reply, notFound);
  });
  api.post<{ Params: NamePath }>('/deployments/:owner/:name/predictions', (request, reply) => {
    const deployment = findDeployment(request.params.owner, request.params.name);
    if (!deployment) return sendProblem(reply, notFound);
    return create(state, request, reply, { target: deployment.target, deployment });
  });
}

async function create(
  state: SandboxState,
  request: FastifyRequest,
  reply: FastifyReply,
  named?: PathTarget,
): Promise<FastifyReply> {
  const fault: Fault = state.script.take(createSeen(request.body, named)) ?? {};
  if (!isAccepted(fault)) return refuse(request, reply, fault);
  const order = readCreateBody(request.body, named);
  if (isProblem(order)) return sendProblem(reply, order);
  const asked = readPreferences(request.headers);
  if (isProblem(asked)) return sendProblem(reply, asked);

  const previous = state.store.newest;
  const run = accept(state, { ...order, account: accountOfCaller(request) }, fault, asked.cancelAfter);
  const delivered = followed(state, run, order, fault);
  if (fault.resetAfterAccept) return resetConnection(request, reply);
  const complete = asked.wait === undefined || (await held(state, run, asked.wait, reply));
  reply.code(complete ? 201 : 202);
  const body = answerBody(state, run, fault, previous);
  if (fault.webhook?.early) await delivered;
  return sendDamaged(request, reply, body, fault);
}

function createSeen(body: unknown, named: PathTarget | undefined): CreateSeen {
  const { version, input } = isJsonObject(body) ? body : {};
  const said = typeof version === 'string' ? version : '';
  const found = named?.target ?? resolveVersion(said);
  return { model: found ? fullName(found.model) : said, input };
}

function accept(
  state: SandboxState,
  order: AccountOrder,
  fault: AcceptedFault,
  cancelAfter: number | undefined,
): PredictionRun {
  const { boot, run } = state.settings;
  const work = workOf(order, state.answering(order.account));
  const made = state.store.create(order, { boot, run, ...fault }, cancelAfter, work);
  state.bill.add(made.prediction);
  return made;
}

/** Sends the webhooks that are ordered. Resolves when the last of them has been tried. */
function followed(
  state: SandboxState,
  run: PredictionRun,
  { webhook }: CreateOrder,
  fault: AcceptedFault,
): Promise<void> {
  if (!webhook) return Promise.resolve();
  return state.webhooks.follow(run, webhook, fault.webhook ?? {}, () =>
    JSON.stringify(readBody(run.prediction, wireContext(state))),
  );
}

/** Holds the answer until the prediction has ended; says whether it did. */
function held(
  state: SandboxState,
  run: PredictionRun,
  seconds: number,
  reply: FastifyReply,
): Promise<boolean> {
  const { get } = predictionUrls(run.prediction, wireContext(state));
  reply.headers({ 'preference-applied': `wait=${seconds}`, location: get });
  return run.endedWithin(Math.min(seconds * 1000, state.settings.maxHold), closed(reply));
}

function answerBody(
  state: SandboxState,
  run: PredictionRun,
  fault: AcceptedFault,
  previous: PredictionRun | undefined,
): object {
  const context = wireContext(state);
  const body = createdBody(run.prediction, fault.waitStatus ?? state.settings.waitStatus, context);
  if (!fault.duplicateId || !previous) return body;
  const { prediction } = previous;
  return { ...body, id: prediction.id, urls: predictionUrls(prediction, context) };
}
