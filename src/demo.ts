// The demo tenant of a gateway outside production, and what its start prints.
import type { INestApplicationContext } from '@nestjs/common';
import { Authenticator } from './auth/authenticator.service.js';
import { type LocalSecrets, saveLocalSecrets } from './config/local-secrets.js';
import { ApiError } from './errors/api-error.js';
import type { LocalServices } from './local-services.js';
import { KeysService } from './tenancy/keys.service.js';
import { localManager } from './tenancy/manager.js';
import { TenantsService } from './tenancy/tenants.service.js';

/** A picture that Replicate's models can fetch: the one of the default model's own example. */
const PUBLIC_PICTURE = 'https://github.com/JimothyJohn/cerebro/blob/master/data/images/zidane.jpg?raw=true';

/** The demo tenant's key: the one of the start before, or a new one where that is gone or revoked. */
export async function demoKey(
  app: INestApplicationContext,
  secrets: LocalSecrets,
  dataDir: string,
): Promise<string> {
  const { demo } = secrets;
  if (demo && (await isAccepted(app.get(Authenticator), demo.key))) return demo.key;
  const tenants = app.get(TenantsService);
  const manager = localManager({ kind: 'system' });
  const known = demo && (await tenants.get(demo.tenantId).catch(ifNotFound));
  const tenant = known ?? (await tenants.create(manager, { name: 'Demo' })).tenant;
  const { key } = await app.get(KeysService).create(manager, tenant.id, { name: 'demo' });
  saveLocalSecrets(dataDir, { ...secrets, demo: { tenantId: tenant.id, key } });
  return key;
}

/** What a person reads when the gateway is up. */
export function greeting({
  address,
  key,
  services,
}: {
  address: string;
  key: string;
  services: LocalServices;
}): string {
  const { sandbox, secrets, settings } = services;
  const picture = sandbox?.pictures['invoice.png'];
  const request = {
    prompt: picture ? 'What does this document say?' : 'Describe the image.',
    image_urls: picture ?? PUBLIC_PICTURE,
    max_tokens: 200,
  };
  return `
  Address    ${address}
  Docs       ${address}/docs
  Demo key   ${key}
  Admin key  ${settings.adminKey === secrets?.adminKey ? settings.adminKey : 'the one in CEREBRO_ADMIN_KEY'}
  Models     ${sandbox ? 'the sandbox, which reads pictures itself and bills nothing (no REPLICATE_API_TOKEN)' : 'Replicate'}

Try it:

curl ${address}/v1/completions \\
  -H 'Authorization: Bearer ${key}' \\
  -H 'Content-Type: application/json' \\
  -d '${JSON.stringify(request)}'

`;
}

async function isAccepted(authenticator: Authenticator, key: string): Promise<boolean> {
  try {
    await authenticator.authenticate(`Bearer ${key}`, '127.0.0.1');
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.reason === 'invalid_api_key') return false;
    throw error;
  }
}

function ifNotFound(error: unknown): undefined {
  if (!(error instanceof ApiError) || error.reason !== 'not_found') throw error;
}
