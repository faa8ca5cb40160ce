// The two ways to create a prediction. A create passes, in order: scripted refusals, the checks of its body
// and headers, acceptance (from here on it is billed), the wait, and the answer.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answer } from '../answering/answer.js';
import { readCreateBody, type CreateOrder } from '../create-body.js';
import type { CreateSeen } from '../faults/fault-script.js';
import { isAccepted, type AcceptedFault, type Fault } from '../faults/fault.js';
import { isJsonObject } from '../json.js';
import {
  findModel,
  fullName,
  latestVersion,
  resolveVersion,
  type ModelVersion,
} from '../models/catalogue.js';
import { readPreferences } from '../preferences.js';
import type { PredictionRun } from '../predictions/prediction-run.js';
import { createdBody, predictionUrls } from '../predictions/prediction.wire.js';
import { isProblem, notFound } from '../problem.js';
import { closed, refuse, resetConnection, sendDamaged, sendProblem } from './replies.js';
import { wireContext, type SandboxState } from './sandbox-state.js';

interface ModelPath {
  readonly owner: string;
  readonly name: string;
}

/** Adds `POST /predictions` and, for official models, `POST /models/{owner}/{name}/predictions`. */
export function addCreateRoutes(api: FastifyInstance, state: SandboxState): void {
  api.post('/predictions', (request, reply) => create(state, request, reply));
  api.post<{ Params: ModelPath }>('/models/:owner/:name/predictions', (request, reply) => {
    const model = findModel(request.params.owner, request.params.name);
    const target = model?.official ? latestVersion(model) : undefined;
    return target ? create(state, request, reply, target) : sendProblem(reply, notFound);
  });
}

async function create(
  state: SandboxState,
  request: FastifyRequest,
  reply: FastifyReply,
  target?: ModelVersion,
): Promise<FastifyReply> {
  const fault: Fault = state.script.take(createSeen(request.body, target)) ?? {};
  if (!isAccepted(fault)) return refuse(request, reply, fault);
  const order = readCreateBody(request.body, target);
  if (isProblem(order)) return sendProblem(reply, order);
  const asked = readPreferences(request.headers);
  if (isProblem(asked)) return sendProblem(reply, asked);

  const previousId = state.store.newestId;
  const run = accept(state, order, fault, asked.cancelAfter);
  if (fault.resetAfterAccept) return resetConnection(request, reply);
  const complete = asked.wait === undefined || (await held(state, run, asked.wait, reply));
  reply.code(complete ? 201 : 202);
  return sendDamaged(request, reply, answerBody(state, run, fault, previousId), fault);
}

function createSeen(body: unknown, target: ModelVersion | undefined): CreateSeen {
  const { version, input } = isJsonObject(body) ? body : {};
  const named = typeof version === 'string' ? version : '';
  const found = target ?? resolveVersion(named);
  return { model: found ? fullName(found.model) : named, input };
}

function accept(
  state: SandboxState,
  order: CreateOrder,
  fault: AcceptedFault,
  cancelAfter: number | undefined,
): PredictionRun {
  const { boot, run } = state.settings;
  const made = state.store.create(order, { boot, run, ...fault }, cancelAfter, (signal) =>
    answer(order, state.answering, signal),
  );
  state.bill.add(made.prediction);
  return made;
}

/** Holds the answer until the prediction has ended; says whether it did. */
function held(
  state: SandboxState,
  run: PredictionRun,
  seconds: number,
  reply: FastifyReply,
): Promise<boolean> {
  const { get } = predictionUrls(run.prediction.id, wireContext(state).baseUrl);
  reply.headers({ 'preference-applied': `wait=${seconds}`, location: get });
  return run.endedWithin(Math.min(seconds * 1000, state.settings.maxHold), closed(reply));
}

function answerBody(
  state: SandboxState,
  run: PredictionRun,
  fault: AcceptedFault,
  previousId: string | undefined,
): object {
  const context = wireContext(state);
  const body = createdBody(run.prediction, fault.waitStatus ?? state.settings.waitStatus, context);
  if (!fault.duplicateId || previousId === undefined) return body;
  return { ...body, id: previousId, urls: predictionUrls(previousId, context.baseUrl) };
}
