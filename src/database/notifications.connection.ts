// One connection that listens, from its opening to its loss. What comes after a loss is not decided here.
import { Socket } from 'node:net';
import pg from 'pg';
import { databaseClient } from './database.client.js';
import type { DatabaseAccess } from './database-options.js';

/** What a connection tells. */
export interface ConnectionEvents {
  readonly onMessage: (channel: string, payload: string) => void;
  /** Once, when the connection was lost or could not be opened; not after `close`. */
  readonly onLost: (reason: string) => void;
}

/** Times in milliseconds. */
export interface ConnectionLimits {
  /** Between two questions whether the server is still there. */
  readonly heartbeat: number;
  /** Longest wait for any answer of the server. */
  readonly answer: number;
}

const LIMITS: ConnectionLimits = { heartbeat: 5000, answer: 2000 };

/** Longest wait for a goodbye, in milliseconds. */
const GOODBYE = 500;

/** A connection of its own, outside of any pool: a pool would hand its messages to nobody. */
export class ListeningConnection {
  private readonly socket = new Socket();
  private readonly client: pg.Client;
  /** The statements so far, one after the other: the driver takes one at a time. */
  private statements: Promise<unknown> = Promise.resolve();
  private heartbeat: NodeJS.Timeout | undefined;
  private isOver = false;

  constructor(
    access: DatabaseAccess,
    private readonly events: ConnectionEvents,
    private readonly limits: ConnectionLimits = LIMITS,
  ) {
    const Client = databaseClient(access);
    this.client = new Client({
      connectionTimeoutMillis: limits.answer,
      query_timeout: limits.answer,
      application_name: 'cerebro-notifications',
      keepAlive: true,
      stream: () => this.socket,
    });
    // Without a listener an error would end the process.
    this.client.on('error', (error) => this.lose(error.message));
    this.client.on('end', () => this.lose('it was closed'));
    this.client.on('notification', ({ channel, payload = '' }) => events.onMessage(channel, payload));
  }

  /** Opens the connection. False when that failed, of which `onLost` has been told. */
  async open(): Promise<boolean> {
    try {
      await this.client.connect();
    } catch (error) {
      this.lose((error as Error).message || String((error as NodeJS.ErrnoException).code));
    }
    if (this.isOver) return false;
    // A server that has gone without a word is found out only by asking.
    this.heartbeat = setInterval(() => void this.run('SELECT 1'), this.limits.heartbeat).unref();
    return true;
  }

  /** Begins to hear a channel. True when it does, false when the connection is lost. */
  listen(channel: string): Promise<boolean> {
    return this.run(`LISTEN ${pg.escapeIdentifier(channel)}`);
  }

  /** Ends hearing a channel. */
  unlisten(channel: string): Promise<boolean> {
    return this.run(`UNLISTEN ${pg.escapeIdentifier(channel)}`);
  }

  /** Closes the connection, within half a second also when the server does not answer. */
  async close(): Promise<void> {
    if (this.isOver) return;
    this.end();
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(() => late.resolve(), GOODBYE);
    // One that is still opening knows no goodbye.
    if (!this.socket.connecting) await Promise.race([this.client.end(), late.promise]);
    clearTimeout(timer);
    this.socket.destroy();
  }

  /** Runs a statement in its turn. A failure of any is the end of the connection. */
  private run(statement: string): Promise<boolean> {
    const result = this.statements.then(() => !this.isOver && this.execute(statement));
    this.statements = result;
    return result;
  }

  private async execute(statement: string): Promise<boolean> {
    try {
      await this.client.query(statement);
      return !this.isOver;
    } catch (error) {
      this.lose((error as Error).message);
      return false;
    }
  }

  private lose(reason: string): void {
    if (this.isOver) return;
    this.end();
    this.socket.destroy();
    this.events.onLost(reason);
  }

  private end(): void {
    this.isOver = true;
    clearInterval(this.heartbeat);
  }
}
