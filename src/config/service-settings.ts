// Descriptions of the variables about the service itself: where it listens, what it keeps, who may call it.
import type { SettingGroup } from './setting-description.js';

/** Groups of the reference, in its order. */
export const SERVICE_SETTINGS: readonly SettingGroup[] = [
  {
    title: 'Process',
    settings: {
      NODE_ENV: {
        summary:
          '`production` makes up for nothing that is missing, and shows no demo key. The others are for development.',
        default: 'development',
      },
      HOST: {
        summary: 'The address to listen on.',
        form: 'an address or a host name of this machine',
        default: { production: '0.0.0.0', otherwise: '127.0.0.1' },
      },
      PORT: { summary: 'The port to listen on; 0 takes any free one.', default: '3000' },
      LOG_LEVEL: { summary: 'The least important messages that are logged.', default: 'info' },
      CEREBRO_BODY_LIMIT: {
        summary: 'Largest request body, in bytes. A larger one gets 413 `request_too_large`.',
        default: '16777216',
      },
      CEREBRO_SHUTDOWN_DELAY: {
        summary:
          'How long after SIGTERM connections are still accepted and served, while `/readyz` says 503: as long as load balancers need to see it.',
        default: { production: '5s', otherwise: '0' },
      },
      CEREBRO_DRAIN_TIMEOUT: {
        summary:
          'How long running requests may go on after that. What kills the process for good must wait longer than both.',
        default: '30s',
      },
      CEREBRO_KEEP_ALIVE_TIMEOUT: {
        summary:
          'How long a connection without a request is kept: longer than what is in front keeps it, or that may send a request into a connection that is being closed.',
        default: '75s',
      },
      CEREBRO_DATA_DIR: {
        summary: 'The folder of the embedded database and of generated secrets. Not used in production.',
        form: 'a path',
        default: '.cerebro',
      },
    },
  },
  {
    title: 'Database',
    settings: {
      DATABASE_URL: {
        summary: 'PostgreSQL, tested with 18, under a role that owns its tables and may make roles.',
        absent: 'an embedded PostgreSQL 18 in `CEREBRO_DATA_DIR`',
        example: 'postgresql://cerebro:password@localhost:5432/cerebro',
        secret: true,
      },
      CEREBRO_DATABASE_POOL_SIZE: {
        summary:
          'Most connections that the pool of one node holds. A node has a few more, for notifications and probes.',
        default: '10',
      },
      CEREBRO_DATABASE_WAIT: {
        summary:
          'How long a start waits for a database that cannot be reached, with `/healthz` 200 and `/readyz` 503; then it ends with 1. The command `migrate` waits as long.',
        default: { production: '5m', otherwise: '0' },
      },
      CEREBRO_LEDGER_RETENTION: {
        summary: 'How long the ledger keeps a line. Sums by the day are kept for good.',
        default: '400d',
        see: 'ledger.md#how-long-it-is-kept',
      },
      PGSSLMODE: {
        summary:
          'Whether connections are encrypted, where `DATABASE_URL` says nothing of `sslmode`. All but `disable` and `no-verify` check the certificate.',
        default: 'disable',
      },
      NODE_EXTRA_CA_CERTS: {
        summary: 'Certificates of authorities to trust besides the usual ones, such as that of the database.',
        form: 'a path of a file in PEM',
        absent: 'none',
        readBy: 'Node.js, at the start of the process: not from `.env`',
      },
    },
  },
  {
    title: 'Callers',
    settings: {
      CEREBRO_ADMIN_KEY: {
        summary: 'Root key of the admin API, at least 16 characters in production: `openssl rand -hex 32`.',
        absent: 'generated, and kept in `CEREBRO_DATA_DIR`',
        secret: true,
        see: 'keys.md',
      },
      CEREBRO_KEY_PEPPER: {
        summary:
          'Secret of the stored key hashes, at least 16 characters in production: `openssl rand -hex 32`. Without the one that made them, no key opens anything.',
        form: 'a text',
        absent: 'generated, and kept in `CEREBRO_DATA_DIR`',
        secret: true,
        see: 'operations.md#rotating-secrets',
      },
      CEREBRO_KEY_PEPPER_PREVIOUS: {
        summary:
          'The pepper before this one: keys that it has hashed work on, and are hashed anew as they are used.',
        form: 'a text',
        absent: 'none',
        secret: true,
        see: 'operations.md#rotating-secrets',
      },
      CEREBRO_ENCRYPTION_KEYS: {
        summary:
          "Keys that stored secrets, such as tenants' own Replicate tokens, are encrypted with: `version:key`, a key being 32 bytes in base64: `openssl rand -base64 32`. The highest version encrypts, all decrypt.",
        absent: 'generated in development; in production such secrets cannot be stored (409)',
        secret: true,
        see: 'operations.md#rotating-secrets',
      },
      CEREBRO_TRUSTED_PROXIES: {
        summary:
          "Networks of the load balancers in front: their `X-Forwarded-For` tells where a caller comes from, for keys' `ip_allowlist`, the audit log and the limit on wrong keys.",
        absent: 'the address of the connection counts',
        example: '10.0.0.0/8',
      },
      CEREBRO_FAILED_AUTH_PER_MINUTE: {
        summary:
          'Wrong keys that one address may send in any minute, over all nodes; then it gets 429 for a while.',
        default: '60',
        see: 'limits.md#wrong-keys',
      },
      CEREBRO_CORS_ORIGINS: {
        summary: 'Origins whose web pages may call this gateway; `*` for any.',
        absent: 'none',
        example: 'https://app.example.com',
        see: 'openai.md',
      },
    },
  },
];
