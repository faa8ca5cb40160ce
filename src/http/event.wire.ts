// Server-sent events as OpenAI writes them: frames of nothing but data, and comments.
// https://html.spec.whatwg.org/multipage/server-sent-events.html

/** The last frame of a stream that is complete. A stream without it was broken off. */
export const DONE = 'data: [DONE]\n\n';

/** Says that the stream is alive. A comment, because OpenAI's clients choke on events that they do not know. */
export const HEARTBEAT = ': keep-alive\n\n';

/** Ends of lines to some readers, Python's `splitlines` among them, that JSON leaves as they are. */
const LINE_ENDS = /[\u0085\u2028\u2029]/g;

/** One frame. JSON is a single line whatever its texts contain, so that no text can end the frame. */
export function dataFrame(value: object): string {
  return `data: ${JSON.stringify(value).replace(LINE_ENDS, escaped)}\n\n`;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
