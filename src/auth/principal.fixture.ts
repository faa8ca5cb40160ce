// A caller for specs.
import type { KeyPrincipal } from './principal.js';

/** A key for inference that is limited in nothing. */
export const keyPrincipal = (more: Partial<KeyPrincipal> = {}): KeyPrincipal => ({
  kind: 'key',
  keyId: 'key_1',
  tenantId: 'ten_1',
  accountId: more.keyId ?? 'key_1',
  scopes: ['inference'],
  models: [],
  ipAllowlist: [],
  limits: { key: {}, tenant: {} },
  replacedUntil: undefined,
  unsupportedParams: undefined,
  retainContentDays: undefined,
  ...more,
});
