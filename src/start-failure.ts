// One clear line for a start that failed. It tells no secret.
import { SettingsError } from './config/settings.js';
import { DataFolderError, EmbeddedPostgresMissingError } from './database/embedded/errors.js';
import { MigrationError } from './database/migration-error.js';
import { loggableText } from './observability/loggable.js';

/** Errors whose message is written for the person who starts Cerebro. */
const FORESEEN = [SettingsError, DataFolderError, EmbeddedPostgresMissingError, MigrationError];

/** One line for a failure after which there will be another attempt, in so many milliseconds. */
export function retryLine(error: unknown, pauseMs: number): string {
  return `${oneLine(error)} Trying again in ${pauseMs / 1000} s.`;
}

/** What a person should read; the stack only for an error that nobody foresaw. */
export function oneLine(error: unknown): string {
  if (FORESEEN.some((kind) => error instanceof kind)) return loggableText((error as Error).message);
  const { code, port, address, syscall } = error as NodeJS.ErrnoException & {
    port?: number;
    address?: string;
  };
  if (syscall === 'listen' && code === 'EADDRINUSE') {
    return `Cerebro cannot start: port ${port} is in use; set PORT to another one, or to 0 for any.`;
  }
  if (syscall === 'getaddrinfo') return `Cerebro cannot start: HOST is no address of this machine (${code}).`;
  if (syscall === 'listen') return `Cerebro cannot start: it cannot listen on ${address}:${port} (${code}).`;
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `Cerebro cannot start: ${loggableText(words)}`;
}
