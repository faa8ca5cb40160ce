// Gets our own fault back out of what the official client makes of it.
import { FailedReply } from './transport.js';
import { UpstreamFault } from './upstream-fault.js';

/** The client wraps what the transport found in an error of its own; callers get the fault itself. */
export function unwrap(error: unknown): never {
  const { response } = error as { response?: unknown };
  if (response instanceof FailedReply) throw response.fault;
  if (error instanceof UpstreamFault) throw error;
  throw new UpstreamFault('unreadable', { cause: error });
}
