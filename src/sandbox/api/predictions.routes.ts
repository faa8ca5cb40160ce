// Reads, lists and cancels predictions, and meets the faults that were scripted for these.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IgnoredCancel, RequestFault } from '../faults/fault.js';
import type { PredictionRun } from '../predictions/prediction-run.js';
import { readBody } from '../predictions/prediction.wire.js';
import type { CreatedBetween, PageStart } from '../predictions/predictions.store.js';
import { inputInvalid, notFound, type Problem } from '../problem.js';
import { accountOfCaller } from './gate.js';
import { refuse, sendDamaged, sendProblem } from './replies.js';
import { wireContext, type SandboxState } from './sandbox-state.js';

interface IdPath {
  readonly id: string;
}

type ListQuery = Readonly<Partial<Record<'cursor' | 'created_after' | 'created_before', string>>>;

/** Adds `GET /predictions`, `GET /predictions/{id}` and `POST /predictions/{id}/cancel`. */
export function addPredictionRoutes(api: FastifyInstance, state: SandboxState): void {
  api.get<{ Querystring: ListQuery }>('/predictions', (request, reply) => {
    const unreadable = unreadableTime(request.query);
    return unreadable ? sendProblem(reply, unreadable) : list(state, request.query, accountOfCaller(request));
  });
  api.get<{ Params: IdPath }>('/predictions/:id', (request, reply) => {
    const run = state.store.get(request.params.id, accountOfCaller(request));
    return run ? read(state, run, request, reply) : sendProblem(reply, notFound);
  });
  api.post<{ Params: IdPath }>('/predictions/:id/cancel', (request, reply) => {
    const run = state.store.get(request.params.id, accountOfCaller(request));
    return run ? cancel(state, run, request, reply) : sendProblem(reply, notFound);
  });
}

function read(
  state: SandboxState,
  run: PredictionRun,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const fault: RequestFault = run.takeFault('onGet') ?? {};
  if ('status' in fault) return refuse(request, reply, fault);
  return sendDamaged(request, reply, readBody(run.prediction, wireContext(state)), fault);
}

/** A scripted status leaves the prediction alone; a damaged answer does not. */
function cancel(
  state: SandboxState,
  run: PredictionRun,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const fault: RequestFault | IgnoredCancel = run.takeFault('onCancel') ?? {};
  if ('status' in fault) return refuse(request, reply, fault);
  if (!('ignore' in fault)) run.cancel();
  const damage = 'ignore' in fault ? {} : fault;
  return sendDamaged(request, reply, readBody(run.prediction, wireContext(state)), damage);
}

function list(state: SandboxState, query: ListQuery, account: string): object {
  const context = wireContext(state);
  const page = state.store.page(account, pageStart(query.cursor), createdBetween(query));
  const url = (direction: string, id: string | undefined) =>
    id === undefined ? null : `${context.baseUrl}/predictions?${cursorQuery(query, `${direction}.${id}`)}`;
  return {
    previous: url('newer', page.newerThan),
    next: url('older', page.olderThan),
    results: page.predictions.map((prediction) => readBody(prediction, context)),
  };
}

function cursorQuery(query: ListQuery, cursor: string): string {
  return new URLSearchParams({ ...query, cursor }).toString();
}

function pageStart(cursor: string | undefined): PageStart {
  const [direction, id] = (cursor ?? '').split('.');
  if (id === undefined) return undefined;
  return direction === 'newer' ? { newerThan: id } : { olderThan: id };
}

/** A time that is none would make an empty list. The refusal's text is the sandbox's own. */
function unreadableTime(query: ListQuery): Problem | undefined {
  const wrong = (['created_after', 'created_before'] as const).filter((name) =>
    Number.isNaN(Date.parse(query[name] ?? EPOCH)),
  );
  if (wrong.length === 0) return undefined;
  const description = "Does not match format 'date-time'";
  return inputInvalid(wrong.map((field) => ({ type: 'format', field, description })));
}

const EPOCH = '1970-01-01T00:00:00Z';

function createdBetween({ created_after, created_before }: ListQuery): CreatedBetween {
  return {
    after: created_after === undefined ? -Infinity : Date.parse(created_after),
    before: created_before === undefined ? Infinity : Date.parse(created_before),
  };
}
