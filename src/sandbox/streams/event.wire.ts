// Server-sent events as Replicate writes them.

/** A piece of output: plain text, one `data` line for each of its lines. */
export function outputEvent(id: string, text: string): string {
  const lines = text.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `event: output\nid: ${id}\n${lines.join('')}\n`;
}

/** What went wrong. `done` follows. */
export function errorEvent(detail: string): string {
  return `event: error\ndata: ${JSON.stringify({ detail })}\n\n`;
}

/** The end; without a reason, a success. */
export function doneEvent(reason?: 'canceled' | 'error'): string {
  return `event: done\ndata: ${JSON.stringify(reason === undefined ? {} : { reason })}\n\n`;
}

/** The first bytes of a stream: a comment of the server that Replicate uses. */
export const GREETING = ': hi\n\n';

/** The last bytes of a stream that had nothing to say for too long: a comment too. */
export const IDLE_TIMEOUT = ':408: 408 Request Timeout\n\n';
