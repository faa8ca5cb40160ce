// Hands out the secret that webhooks are signed with.
import type { FastifyInstance } from 'fastify';
import type { SandboxState } from './sandbox-state.js';

/** Adds `GET /webhooks/default/secret`. */
export function addWebhookRoutes(api: FastifyInstance, state: SandboxState): void {
  api.get('/webhooks/default/secret', () => ({ key: state.settings.webhookSecret }));
}
