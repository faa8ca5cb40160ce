// Which host names are refused without a look at where they lead. IP addresses are judged elsewhere.

/** Names that lead inside, with everything under them: RFC 6761, 6762, 8375, ICANN's `.internal`, habits, clouds. */
const REFUSED: readonly string[] = [
  'localhost',
  'localdomain',
  'local',
  'internal',
  'intranet',
  'lan',
  'home.arpa',
  'svc',
  // Instance metadata of Azure, Google Cloud (beside metadata.google.internal), Tencent and Equinix.
  'metadata.azure.com',
  'metadata.goog',
  'metadata.tencentyun.com',
  'metadata.platformequinix.com',
];

/** One label of a name (RFC 1035, 2.3.4), with the underscore that DNS knows beside it. */
const LABEL = /^[a-z0-9_-]{1,63}$/;

/** Longest name (RFC 1035, 2.3.4), in characters. */
const MAX_NAME = 253;

/** A host without the dot that may end it: `localhost.` is `localhost`. */
export function withoutTrailingDot(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

/**
 * Whether a name may be looked up for a caller.
 *
 * @param name as a parsed URL has it (lower case, punycode), without a trailing dot
 */
export function isPublicName(name: string): boolean {
  const labels = name.split('.');
  // A name without a dot is one of the local network, or completed by the resolver's search list.
  if (labels.length < 2 || name.length > MAX_NAME || !labels.every((label) => LABEL.test(label)))
    return false;
  return !REFUSED.some((refused) => name === refused || name.endsWith(`.${refused}`));
}
