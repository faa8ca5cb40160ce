// The house's rule: a room imports only rooms on lower floors, and itself. Spoken of in docs/adr/0002.
/** Floors from the ground up; rooms on one floor do not know each other. */
export const floors = [
  ['errors', 'tokenizer'],
  ['inference'],
  ['config', 'contracts'],
  ['telemetry'],
  ['http', 'observability', 'database', 'egress'],
  ['throttling', 'audit', 'vault'],
  [
    ...['auth', 'models', 'images', 'predictions', 'structured-output'],
    ...['upstream-accounts', 'providers/replicate'],
  ],
  ['gateway', 'metering', 'tenancy'],
  ['idempotency'],
  ['completions', 'chat-completions', 'responses', 'files', 'webhooks', 'sandbox'],
  ['batches'],
];

/** The roots, which put rooms together: files directly in `src/`. */
const forbidden = floors.flatMap((rooms, floor) =>
  rooms.map((room) => ({
    name: `room-${room}`,
    comment: `${room} may import itself and the floors below it, nothing else.`,
    severity: 'error',
    from: { path: `(^|/)src/${room}/` },
    to: {
      path: '(^|/)src/',
      pathNot: [
        'node_modules',
        ...[room, ...floors.slice(0, floor).flat()].map((allowed) => `(^|/)src/${allowed}/`),
      ],
    },
  })),
);

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...forbidden,
    {
      name: 'no-circular',
      comment: 'Two files that need each other are one file, or three.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unknown-room',
      comment: 'A new room is given a floor here first.',
      severity: 'error',
      from: { path: '(^|/)src/[^/]+\\.ts$' },
      to: {
        path: '(^|/)src/[^/]+/',
        pathNot: floors.flat().map((room) => `(^|/)src/${room}/`),
      },
    },
    {
      name: 'no-child-process',
      comment: 'Nothing that answers callers starts programs; only the embedded database does.',
      severity: 'error',
      from: { path: '(^|/)src/', pathNot: '(^|/)src/database/embedded/' },
      to: { path: '^(node:)?child_process$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'src/database/client/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
