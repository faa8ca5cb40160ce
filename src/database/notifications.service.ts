// Messages between nodes, over PostgreSQL's LISTEN and NOTIFY. A message is a hint that may be lost, never the
// only copy of a fact: what it is about is in a table.
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { type DatabaseAccess, databaseOptions } from './database-options.js';
import { ListeningConnection } from './notifications.connection.js';
import { PrismaService } from './prisma.service.js';

/** Takes a message. */
export type NotificationListener = (payload: string) => void;

/** Names of channels; PostgreSQL cuts longer ones. */
const CHANNEL = /^[a-z][a-z0-9_]{0,62}$/;

/** Shortest and longest wait before another attempt to connect, in milliseconds. */
const BACKOFF = { first: 100, last: 5000 };

/** A connection that lasted so long was a good one, in milliseconds: the next attempt waits the shortest time. */
const LASTING = 5000;

/** Sends and hears messages. Connects when the first listener comes, and again whenever the connection is lost. */
@Injectable()
export class Notifications implements OnApplicationShutdown {
  private readonly logger = new Logger('Notifications');
  private readonly channels = new Map<string, Set<NotificationListener>>();
  private readonly resetListeners = new Set<() => void>();
  private connection: ListeningConnection | undefined;
  /** When the connection was opened; undefined while there is none that is open. */
  private openSince: number | undefined;
  private hears = false;
  private retry: NodeJS.Timeout | undefined;
  private attempts = 0;
  private isClosed = false;
  private lastReason: string | undefined;

  constructor(
    @Inject(databaseOptions) private readonly access: DatabaseAccess,
    private readonly prisma: PrismaService,
  ) {}

  /** Whether messages arrive at present. While they do not, only the tables tell what others did. */
  get isListening(): boolean {
    return this.hears;
  }

  /**
   * Hears a channel, soon: `onReset` tells when.
   *
   * @returns a function that ends it
   */
  on(channel: string, listener: NotificationListener): () => void {
    const listeners = this.channels.get(checked(channel)) ?? new Set();
    // Of its own for each call, so that one function may listen twice.
    const own: NotificationListener = (payload) => listener(payload);
    listeners.add(own);
    if (listeners.size === 1) {
      this.channels.set(channel, listeners);
      if (this.isOpen) void this.connection?.listen(channel).then((hears) => hears && this.reset());
      else this.connect();
    }
    return () => this.off(channel, own);
  }

  /**
   * Is told whenever messages may have been missed: at the loss of the connection, and when channels are heard
   * again, or for the first time. Whoever keeps what a message would have changed reads it anew then.
   *
   * @returns a function that ends it
   */
  onReset(listener: () => void): () => void {
    const own = () => listener();
    this.resetListeners.add(own);
    return () => void this.resetListeners.delete(own);
  }

  /**
   * Sends a message to all nodes, this one too.
   *
   * @param payload less than 8000 bytes
   * @throws when the database cannot be reached
   */
  async notify(channel: string, payload: string): Promise<void> {
    await this.prisma.$executeRaw`SELECT pg_notify(${checked(channel)}, ${payload})`;
  }

  async onApplicationShutdown(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.retry);
    this.openSince = undefined;
    this.hears = false;
    await this.connection?.close();
  }

  private get isOpen(): boolean {
    return this.openSince !== undefined;
  }

  private off(channel: string, listener: NotificationListener): void {
    const listeners = this.channels.get(channel);
    if (!listeners?.delete(listener) || listeners.size > 0) return;
    this.channels.delete(channel);
    if (this.isOpen) void this.connection?.unlisten(channel);
  }

  /** Connects, unless that is done, under way or going to be. */
  private connect(): void {
    if (this.isClosed || this.connection || this.retry) return;
    const connection = new ListeningConnection(this.access, {
      onMessage: (channel, payload) => this.deliver(channel, payload),
      onLost: (reason) => this.recover(reason),
    });
    this.connection = connection;
    void this.open(connection);
  }

  private async open(connection: ListeningConnection): Promise<void> {
    if (!(await connection.open())) return;
    // From now on channels that come and go are the connection's own business, in their order.
    this.openSince = performance.now();
    const heard = await Promise.all([...this.channels.keys()].map((channel) => connection.listen(channel)));
    if (!heard.every(Boolean)) return;
    this.hears = true;
    if (this.lastReason !== undefined) this.logger.log('Messages between nodes arrive again');
    this.lastReason = undefined;
    this.reset();
  }

  private recover(reason: string): void {
    const { openSince } = this;
    this.connection = undefined;
    this.openSince = undefined;
    this.hears = false;
    if (openSince !== undefined && performance.now() - openSince > LASTING) this.attempts = 0;
    // A database that stays away is told of once, not at each attempt.
    if (reason !== this.lastReason) this.logger.warn(`Messages between nodes do not arrive: ${reason}`);
    this.lastReason = reason;
    this.retry = setTimeout(() => {
      this.retry = undefined;
      this.connect();
    }, backoff(this.attempts++)).unref();
    if (openSince !== undefined) this.reset();
  }

  private deliver(channel: string, payload: string): void {
    for (const listener of this.channels.get(channel) ?? []) this.call(() => listener(payload));
  }

  private reset(): void {
    for (const listener of this.resetListeners) this.call(listener);
  }

  /** A listener's mistake is its own: the others are still told. */
  private call(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.logger.error(error);
    }
  }
}

/** @throws {RangeError} for a text that is no name of a channel */
function checked(channel: string): string {
  if (!CHANNEL.test(channel)) throw new RangeError(`No name of a channel: ${JSON.stringify(channel)}`);
  return channel;
}

/** Doubled each time, with half of it by chance: nodes that lost one server do not all come back at once. */
function backoff(attempts: number): number {
  const wait = Math.min(BACKOFF.last, BACKOFF.first * 2 ** Math.min(attempts, 10));
  return wait * (0.5 + Math.random() / 2);
}
