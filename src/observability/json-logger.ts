// Nest's logger, as lines of JSON on standard output. No line tells a secret, whoever has written it.
import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type Logger as Pino, pino } from 'pino';
import type { LogLevel } from '../config/settings.js';
import { loggable } from './loggable.js';

/** Writes every message as one JSON line; objects become its fields. */
export class JsonLogger implements LoggerService {
  private readonly pino: Pino;

  constructor(level: LogLevel, destination: DestinationStream = standardOutput()) {
    this.pino = pino(
      {
        level,
        base: undefined,
        // `info` rather than pino's 30, which every reader would have to translate.
        formatters: { level: (label) => ({ level: label }) },
        timestamp: pino.stdTimeFunctions.isoTime,
        // What is written is made fit before.
        serializers: { err: (error: unknown) => error },
      },
      destination,
    );
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write('info', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** One line a request, on the shortest way. */
  access(line: object): void {
    this.pino.info(line);
  }

  /** Writes out what is buffered. */
  flush(): Promise<void> {
    return new Promise((resolve) => this.pino.flush(() => resolve()));
  }

  /** Nest passes the logger's name as the last argument, and for errors a stack before it. */
  private write(
    level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal',
    message: unknown,
    rest: unknown[],
  ): void {
    const context = rest.at(-1);
    // Nest tells of every module and route that it sets up; that is news to nobody but its developers.
    const isNests = level === 'info' && typeof context === 'string' && NEST_INTERNALS.has(context);
    const shown = isNests ? 'debug' : level;
    if (!this.pino.isLevelEnabled(shown)) return;
    const fields =
      message instanceof Error ? { err: message } : typeof message === 'object' ? message : { msg: message };
    const stack = rest.length > 1 && typeof rest[0] === 'string' ? { stack: rest[0] } : {};
    this.pino[shown](loggable({ context, ...fields, ...stack }));
  }
}

function standardOutput(): DestinationStream {
  return pino.destination({ sync: false, ...BUFFER });
}

/** A write for every line would cost more than all the rest of logging; people still read along as it happens. */
const BUFFER = { minLength: 8192, periodicFlush: 100 };

const NEST_INTERNALS = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);
