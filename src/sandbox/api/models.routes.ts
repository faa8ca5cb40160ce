// Shows the models and their versions.
import type { FastifyInstance } from 'fastify';
import { findModel } from '../models/catalogue.js';
import { modelBody, versionBody } from '../models/model.wire.js';
import { notFound } from '../problem.js';
import { sendProblem } from './replies.js';

interface ModelPath {
  readonly owner: string;
  readonly name: string;
}

/** Adds `GET /models/{owner}/{name}`, its `/versions` and `/versions/{id}`. */
export function addModelRoutes(api: FastifyInstance): void {
  api.get<{ Params: ModelPath }>('/models/:owner/:name', ({ params }, reply) => {
    const model = findModel(params.owner, params.name);
    return model ? modelBody(model) : sendProblem(reply, notFound);
  });
  api.get<{ Params: ModelPath }>('/models/:owner/:name/versions', ({ params }, reply) => {
    const model = findModel(params.owner, params.name);
    if (!model) return sendProblem(reply, notFound);
    return { next: null, previous: null, results: model.versions.map(versionBody) };
  });
  api.get<{ Params: ModelPath & { id: string } }>(
    '/models/:owner/:name/versions/:id',
    ({ params }, reply) => {
      const versions = findModel(params.owner, params.name)?.versions ?? [];
      const version = versions.find(({ id }) => id === params.id);
      return version ? versionBody(version) : sendProblem(reply, notFound);
    },
  );
}
