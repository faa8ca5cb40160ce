// What can be known of an address without the network: its form, scheme, port, host, and the IP ranges behind it.
import { isIP } from 'node:net';
import { EgressError } from './egress-error.js';
import { isPublicName, withoutTrailingDot } from './host-names.js';
import { isPublicIp } from './ip-ranges.js';
import { portOf, PrivateHosts } from './private-hosts.js';

/** How the operator has set the guard. */
export interface GuardOptions {
  /** `host` or `host:port`, allowed though private: exactly this host, and all its ports where none is named. */
  readonly privateHosts: readonly string[];
}

/** Longest address, in characters; presigned ones are long. */
const MAX_LENGTH = 8192;

/** What parsers read differently (a backslash) or skip (tabs and line breaks); no valid address has them. */
const AMBIGUOUS = /[\\\u0000-\u001f\u007f]/;

const PORTS: ReadonlySet<number> = new Set([80, 443]);

/** Judges addresses that callers supply, before and while they are connected to. */
export class AddressGuard {
  private readonly privateHosts: PrivateHosts;

  /** Throws a RangeError for an entry of `privateHosts` that is neither `host` nor `host:port`. */
  constructor(options: GuardOptions) {
    this.privateHosts = new PrivateHosts(options.privateHosts);
  }

  /**
   * The address, parsed: the only form of it that may be used from here on. The text must not be parsed again, as
   * parsers disagree on odd addresses (CVE-2026-24779). The fragment and a host's trailing dot are gone.
   * Throws an {@link EgressError}, `refused`.
   */
  check(address: string | URL): URL {
    const url = parse(address);
    if (!this.privateHosts.allows(url) && !(PORTS.has(portOf(url)) && isPublicHost(url.hostname)))
      throw new EgressError('refused');
    return url;
  }

  /**
   * Whether an IP address may be connected to on behalf of a URL's host and port.
   *
   * @param ip as DNS or a socket has it
   * @param url one that {@link check} has returned
   */
  allowsIp(ip: string, url: URL): boolean {
    return isIP(ip) !== 0 && (this.privateHosts.allows(url) || isPublicIp(ip));
  }

  /** Whether the operator has allowed the host and port of a URL that {@link check} has returned, though private. */
  allowsPrivately(url: URL): boolean {
    return this.privateHosts.allows(url);
  }

  /** Whether the operator has named this host, on whatever port. */
  isPrivateHost(hostname: string): boolean {
    return this.privateHosts.names(hostname);
  }
}

function parse(address: string | URL): URL {
  const text = typeof address === 'string' ? address.trim() : address.href;
  const url = text.length > MAX_LENGTH || AMBIGUOUS.test(text) ? null : URL.parse(text);
  // Not the parser's own error as a cause: that one holds the address, tokens and all.
  if (!url || url.href.length > MAX_LENGTH || !/^https?:$/.test(url.protocol))
    throw new EgressError('refused');
  if (url.username !== '' || url.password !== '') throw new EgressError('refused');
  url.hash = '';
  url.hostname = withoutTrailingDot(url.hostname);
  return url;
}

function isPublicHost(hostname: string): boolean {
  const ip = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return isIP(ip) === 0 ? isPublicName(hostname) : isPublicIp(ip);
}
