// What is noted on requests while they are answered, for those who account for them when they are over.
import type { ApiError } from '../errors/api-error.js';
import type { CallNotes } from '../inference/call-notes.js';
import type { TracedRequest } from '../telemetry/tracing.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** What is learnt of a call on its way; absent for a request that is no call. */
    notes?: CallNotes;
    /** The error that its caller was told, also in a stream. */
    failure?: ApiError;
    /** Whether its answer is an event stream that has begun. */
    isStreamed?: boolean;
    /** Its span, where requests are traced. */
    traced?: TracedRequest;
  }
}
