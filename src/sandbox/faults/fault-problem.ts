// The refusal that a scripted status stands for.
import {
  badToken,
  htmlProblem,
  insufficientCredit,
  internalError,
  invalidVersion,
  notFound,
  problem,
  throttled,
  type Problem,
} from '../problem.js';
import type { StatusFault } from './fault.js';

/**
 * The answer to send for a scripted status, with the body that Replicate uses for it unless one is scripted.
 */
export function faultProblem(fault: StatusFault): Problem {
  const usual = fault.html === true ? htmlProblem(fault.status) : usualProblem(fault);
  if (fault.body === undefined) return usual;
  const body = typeof fault.body === 'string' ? fault.body : JSON.stringify(fault.body);
  return { ...usual, body };
}

function usualProblem(fault: StatusFault): Problem {
  switch (fault.status) {
    case 400:
      return problem(400, { detail: 'Bad request', status: 400 });
    case 401:
      return badToken;
    case 402:
      return insufficientCredit;
    case 404:
      return notFound;
    case 422:
      return invalidVersion;
    case 429:
      return throttled(
        fault.retryAfter ?? 1,
        fault.text ?? 'resets',
        fault.retryAfterIn ?? ['header', 'body'],
      );
    case 500:
      return internalError;
    case 502:
    case 503:
    case 504:
      return fault.html === false ? inGatewayJson(fault.status) : htmlProblem(fault.status);
  }
}

function inGatewayJson(status: number): Problem {
  return problem(status, { detail: 'Internal server error' });
}
