// Shows the sandbox's deployments. Their creates are with the other creates.
import type { FastifyInstance } from 'fastify';
import { deploymentBody, findDeployment } from '../models/deployments.js';
import { notFound } from '../problem.js';
import { sendProblem } from './replies.js';

/** Adds `GET /deployments/{owner}/{name}`. */
export function addDeploymentRoutes(api: FastifyInstance): void {
  api.get<{ Params: { owner: string; name: string } }>('/deployments/:owner/:name', ({ params }, reply) => {
    const deployment = findDeployment(params.owner, params.name);
    return deployment ? deploymentBody(deployment) : sendProblem(reply, notFound);
  });
}
