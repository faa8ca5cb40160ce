// The connections of guarded requests: opened only to what the guard allows, bounded, and soon closed.
import { Agent } from 'undici';
import type { AddressGuard } from './address-guard.js';
import { guardedConnector } from './guarded-connector.js';
import type { EgressLimits } from './limits.js';
import { productionResolver, type Resolver } from './resolver.js';

/** Longest that an idle connection is kept, in milliseconds, whatever the server suggests. */
const KEEP_ALIVE_MAX = 5000;

/** An agent for addresses that nobody vouches for. `resolve` is for tests. */
export function guardedAgent(guard: AddressGuard, limits: EgressLimits, resolve?: Resolver): Agent {
  return new Agent({
    connect: guardedConnector({
      guard,
      resolve: resolve ?? productionResolver((hostname) => guard.isPrivateHost(hostname)),
      timeoutMs: limits.connectMs,
    }),
    connections: limits.connectionsPerOrigin,
    allowH2: false,
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersMs,
    bodyTimeout: limits.headersMs,
    keepAliveMaxTimeout: KEEP_ALIVE_MAX,
  });
}
