// A way to a server that can be led to another, or to none: a load balancer when a node dies, or a cable that is
// pulled.
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Passes connections on to whatever `target` is when they come. */
export class LoadBalancer {
  /** The address of a server; empty: connections are closed at once. */
  target = '';
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {
    server.on('connection', (from) => this.pass(from));
  }

  /** Opens one, on a free port unless one is given. */
  static async open(port = 0): Promise<LoadBalancer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return new LoadBalancer(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as { port: number }).port}`;
  }

  /** Resets every connection, as a load balancer does that is restarted. */
  reset(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private pass(from: Socket): void {
    if (this.target === '') return void from.destroy();
    const { hostname, port } = new URL(this.target);
    const to = connect(Number(port), hostname);
    for (const socket of [from, to]) {
      this.sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => this.sockets.delete(socket));
    }
    from.pipe(to).pipe(from);
    from.on('close', () => to.destroy());
    to.on('close', () => from.destroy());
  }
}
