// Where host names are looked up. What the answers are worth is judged elsewhere.
import { lookup, Resolver as DnsResolver } from 'node:dns/promises';

/**
 * Looks up a host name: all its IP addresses, IPv4 and IPv6. Rejects where there are none. May stop when the signal
 * is aborted; nobody waits for it then.
 */
export type Resolver = (hostname: string, signal: AbortSignal) => Promise<readonly string[]>;

/** How long one question to a DNS server may take, in milliseconds, and how often it is put. */
const QUESTION = { timeout: 1500, tries: 2 };

/**
 * The resolver in production. Callers' names are asked of DNS itself: `getaddrinfo` would hold one of the process's
 * four threads for each name whose server is silent, follow search lists, and read the hosts file. The operator's
 * own names are looked up as everything else on the machine does.
 */
export function productionResolver(isOperators: (hostname: string) => boolean): Resolver {
  return (hostname, signal) => (isOperators(hostname) ? askSystem(hostname) : askDns(hostname, signal));
}

async function askSystem(hostname: string): Promise<string[]> {
  const addresses = await lookup(hostname, { all: true });
  return addresses.map(({ address }) => address);
}

async function askDns(hostname: string, signal: AbortSignal): Promise<string[]> {
  signal.throwIfAborted();
  // One of its own for each name, because it can only be cancelled as a whole.
  const resolver = new DnsResolver(QUESTION);
  const cancel = (): void => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    const [failure] = answers.filter((answer) => answer.status === 'rejected');
    // One family is often missing, and only addresses that are known here are ever connected to.
    if (addresses.length === 0 && failure) throw failure.reason;
    return addresses;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
