// The streams that readers have open now, so that a reset can end them.
import type { StreamConnection } from './stream-connection.js';

/** Open streams; one that ends is forgotten. */
export class OpenStreams {
  private readonly open = new Set<StreamConnection>();

  /** Remembers a stream until it ends. */
  add(connection: StreamConnection): void {
    this.open.add(connection);
    connection.gone.addEventListener('abort', () => this.open.delete(connection), { once: true });
  }

  /** Breaks all of them off. */
  clear(): void {
    for (const connection of [...this.open]) connection.cut();
  }
}
