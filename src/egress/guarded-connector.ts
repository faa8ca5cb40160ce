// How undici opens a connection to an address that a caller supplied: only to what the guard allows.
import type { Socket } from 'node:net';
import { buildConnector } from 'undici';
import type { AddressGuard } from './address-guard.js';
import { EgressError } from './egress-error.js';
import { guardedLookup } from './guarded-lookup.js';
import type { Resolver } from './resolver.js';

/** How connections are opened. */
export interface ConnectorOptions {
  readonly guard: AddressGuard;
  readonly resolve: Resolver;
  /** The longest that a look-up and the connecting take together, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * A connector for undici that fails with an {@link EgressError}, `refused`, wherever the guard objects. The host is
 * checked here again, as no look-up happens for an IP address; the look-up's answers are checked; and so is the
 * address at the other end of the socket. TLS certificates are verified against the host name as ever.
 */
export function guardedConnector(options: ConnectorOptions): buildConnector.connector {
  const { guard, timeoutMs } = options;
  return (target, callback) => {
    let url: URL;
    try {
      url = guard.check(`${target.protocol}//${target.host ?? ''}`);
    } catch (error) {
      queueMicrotask(() => callback(error as EgressError, null));
      return;
    }
    // One of its own for each connection, because a look-up is not told the port.
    const connect = buildConnector({
      lookup: guardedLookup(url, options),
      autoSelectFamily: true,
      timeout: timeoutMs,
      allowH2: false,
      // Said aloud, so that NODE_TLS_REJECT_UNAUTHORIZED changes nothing here.
      rejectUnauthorized: true,
      maxCachedSessions: 0,
    });
    connect(target, (...outcome) => callback(...checkPeer(outcome, guard, url)));
  };
}

type Outcome = Parameters<buildConnector.Callback>;

function checkPeer(outcome: Outcome, guard: AddressGuard, url: URL): Outcome {
  const socket: Socket | null = outcome[1];
  if (!socket || guard.allowsIp(socket.remoteAddress ?? '', url)) return outcome;
  socket.destroy();
  return [new EgressError('refused'), null];
}
