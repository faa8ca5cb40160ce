// Addresses that must never be reached, collected from the reports of other gateways' holes. For the specs of this
// room and of the doors.

/** Hosts that lead inside, in all spellings that some parser takes. */
const HOSTS = [
  ...[
    '127.0.0.1',
    '127.1',
    '0',
    '0.0.0.0',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '017700000001',
  ],
  ...['①②⑦.⓪.⓪.①', '127。0。0。1', '1%32%37.0.0.1', '127.0.0.1.', '127.0.0.1..', '１２７.0.0.1'],
  ...['localhost', 'localhost.', 'foo.localhost', 'LOCALHOST', 'ⓛocalhost', 'local\u00adhost', 'localhost..'],
  ...['localhost.localdomain', 'printer.local', 'nas.lan', 'router.home.arpa', 'wiki.intranet', 'db'],
  ...['[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]', '[0:0:0:0:0:0:0:1]'],
  ...[
    '[64:ff9b::7f00:1]',
    '[64:ff9b:1::7f00:1]',
    '[2002:7f00:1::]',
    '[2001:0:7f00:1::]',
    '[::ffff:0:7f00:1]',
  ],
  ...['[fe80::1]', '[fec0::1]', '[fd00:ec2::254]', '[fc00::1]', '[ff02::1]', '[::1%25lo]', '[::1%lo]'],
  ...['[2001:db8::1]', '[3fff::1]', '[100::1]', '[5f00::1]', '[4000::1]', '[::169.254.169.254]'],
  ...[
    '169.254.169.254',
    '2852039166',
    '0xa9fea9fe',
    '0251.0376.0251.0376',
    '169.254.43518',
    '0xa9.254.0251.254',
  ],
  ...[
    '[::ffff:169.254.169.254]',
    '[64:ff9b::a9fe:a9fe]',
    '169.254.170.2',
    '168.63.129.16',
    '100.100.100.200',
  ],
  ...['161.26.0.10', '166.9.0.1', '192.0.0.192', '100.64.0.1', '198.18.0.1', '224.0.0.1', '240.0.0.1'],
  ...[
    '255.255.255.255',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '192.0.2.1',
    '203.0.113.1',
  ],
  ...[
    'metadata.google.internal',
    'metadata.google.internal.',
    'metadata',
    'metadata.azure.com',
    'instance-data',
  ],
  ...['metadata.goog', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local', 'rancher-metadata'],
  ...[
    '1.2.3.4.5',
    '256.256.256.256',
    '127.0.0.1%00.example.com',
    '127.0.0.1%0d%0aexample.com',
    'a..example.com',
  ],
  // Cyrillic letters that look Latin.
  ...['l\u043ecalhost', 'met\u0430data.google.internal', 'exa*mple.com', '.', '..', `${'a.'.repeat(130)}com`],
];

/** Schemes that are no web address, and forms that parsers disagree on. */
const ADDRESSES = [
  ...['http:127.0.0.1', 'http:///127.0.0.1', 'http:\\\\127.0.0.1', '//127.0.0.1/', '127.0.0.1', ''],
  ...['http://user:pass@example.com/', 'http://user@example.com/', 'https://:pass@example.com/'],
  ...['http://example.com@127.0.0.1/', 'http://127.0.0.1\\@example.com/', 'http://example.com\\@127.0.0.1/'],
  ...['http://127.0.0.1#@example.com/', 'http://127.0.0.1?@example.com/', 'http://127.0.0.1/@example.com'],
  ...[
    'http://example.com:80:80/',
    'http://127.0.0.1:80:80/',
    'http://example.com:99999/',
    'http://example.com:0/',
  ],
  ...[
    'http://127.0\t.0.1/',
    'http://local\nhost/',
    'ht\ttp://example.com/',
    'http://exa\nmple.com/',
    'http://',
  ],
  ...[
    'file:///etc/passwd',
    'file://localhost/etc/passwd',
    'ftp://127.0.0.1/',
    'gopher://127.0.0.1:6379/_INFO',
  ],
  ...['blob:http://127.0.0.1/x', 'javascript:alert(1)', 'data:text/html,x', 'data:image/png;base64,AAAA'],
  ...['ws://127.0.0.1/', 'unix:/var/run/docker.sock', 'http+unix://%2Fvar%2Frun%2Fdocker.sock/info'],
  ...[22, 25, 6379, 5432, 8080, 2375].map((port) => `http://example.com:${port}/`),
  `https://example.com/${'x'.repeat(8192)}`,
  `https://example.com/${'é'.repeat(3000)}`,
  `https://example.com/${'./'.repeat(5000)}`,
];

/** Addresses that are fine to look at, and become bad only by where their name leads. */
export const RESOLVED_ADDRESSES = [
  ...['http://example.com#@127.0.0.1/', 'http://example.com/?@127.0.0.1', 'http://127.0.0.1.nip.io/'],
  // A homograph of apple.com, with a Cyrillic letter.
  ...[
    'http://\u0430pple.com/',
    'http://xn--pple-43d.com/',
    'http://example.com./',
    'https://kubernetes.default/',
  ],
];

/** Addresses that are refused by their looks alone; some on a port of the spec's own, on which a canary listens. */
export function refusedAddresses(canaryPort: number): string[] {
  const ofHosts = HOSTS.flatMap((host) => [
    `http://${host}/x.png`,
    `https://${host}/x.png`,
    `http://${host}:${canaryPort}/x.png`,
  ]);
  return [...ofHosts, ...ADDRESSES];
}
