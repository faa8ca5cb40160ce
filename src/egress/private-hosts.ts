// The hosts that the operator allows though they are private.
import { isIPv6 } from 'node:net';
import { withoutTrailingDot } from './host-names.js';

/** `host` or `host:port`; an IPv6 address stands in brackets. */
const ENTRY = /^(?<host>\[[0-9a-f:.]+\]|[^:[\]/\\?#@%*\s]+)(?::(?<port>\d{1,5}))?$/i;

/** The operator's exceptions, each for exactly one host: neither sub-domains nor other names of its address. */
export class PrivateHosts {
  /** The allowed ports of a host; undefined allows all. */
  private readonly ports = new Map<string, Set<number> | undefined>();

  /** @param entries `host` (all its ports) or `host:port`; throws a RangeError that names an entry of another form */
  constructor(entries: readonly string[]) {
    for (const entry of entries) this.add(entry);
  }

  /** Whether the host and port of a URL, whose host ends in no dot, are allowed though private. */
  allows(url: URL): boolean {
    const { hostname } = url;
    return this.ports.has(hostname) && (this.ports.get(hostname)?.has(portOf(url)) ?? true);
  }

  /** Whether some port of the host is allowed. */
  names(hostname: string): boolean {
    return this.ports.has(hostname);
  }

  private add(entry: string): void {
    const { host, port } = parseEntry(entry);
    const known = this.ports.get(host);
    if (port === undefined) this.ports.set(host, undefined);
    else if (known) known.add(port);
    else if (!this.ports.has(host)) this.ports.set(host, new Set([port]));
  }
}

/** The port that a URL leads to, the scheme's own where it names none. */
export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

function parseEntry(entry: string): { host: string; port: number | undefined } {
  const parts = ENTRY.exec(isIPv6(entry) ? `[${entry}]` : entry)?.groups;
  // The same parser as for addresses, so that both spell a host alike.
  const host = URL.parse(`http://${parts?.host ?? ''}/`)?.hostname;
  const port = parts?.port === undefined ? undefined : Number(parts.port);
  if (!host || (port !== undefined && (port < 1 || port > 65_535)))
    throw new RangeError(`not a host or host:port: ${entry}`);
  return { host: withoutTrailingDot(host), port };
}
