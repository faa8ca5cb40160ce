// What goes wrong with sending spans, as the SDK tells it, for the operator's log. It costs no request anything.
import { Logger } from '@nestjs/common';
import { diag, DiagLogLevel } from '@opentelemetry/api';
import { parseObject } from '../config/json-object.js';

/** Most different problems of one process that are told of. */
const MOST = 20;

const logger = new Logger('Traces');

/** Problems that were told of, without their numbers: counts differ each time. */
const told = new Set<string>();

const nothing = (): void => undefined;

/** From now on, tells each problem once. */
export function tellTraceProblems(): void {
  const options = { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true };
  diag.setLogger({ verbose: nothing, debug: nothing, info: nothing, warn: tell, error: tell }, options);
}

function tell(message: string, ...rest: unknown[]): void {
  // A component puts its name first. What else there is may be the collector's whole answer.
  const text = isName(message) && typeof rest[0] === 'string' ? `${message}: ${rest[0]}` : toWords(message);
  const kind = text.replace(/\d+/g, '#');
  if (told.has(kind) || told.size >= MOST) return;
  told.add(kind);
  logger.warn(`Spans are not sent as they should be: ${text}`);
}

function isName(text: string): boolean {
  return /^\w+$/.test(text);
}

/** The SDK tells errors as JSON with their stacks, and with what the collector has answered. */
function toWords(message: string): string {
  const { name, message: words, code } = parseObject(message) ?? {};
  if (typeof name !== 'string' || typeof words !== 'string') return message;
  return typeof code === 'string' ? `${name}: ${words} (${code})` : `${name}: ${words}`;
}
