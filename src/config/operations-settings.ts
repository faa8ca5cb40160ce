// Descriptions of the variables about what is told of a running gateway, and about secrets that are somewhere else.
import type { SettingGroup } from './setting-description.js';

/** Groups of the reference, in its order. */
export const OPERATIONS_SETTINGS: readonly SettingGroup[] = [
  {
    title: 'Secrets from elsewhere',
    settings: {
      CEREBRO_SECRETS_REFRESH: {
        summary:
          'How often secrets that come from files or AWS Secrets Manager are read again; 0 for never. They are also read when Replicate or PostgreSQL refuses one.',
        default: '5m',
        see: 'operations.md#rotating-secrets',
      },
      AWS_ACCESS_KEY_ID: {
        summary: 'With `AWS_SECRET_ACCESS_KEY`: credentials for AWS Secrets Manager. On AWS, leave them out.',
        form: 'as AWS gives it',
        absent: 'found as AWS does it: the role of the task, the function or the pod',
        readBy: "AWS's client",
      },
      AWS_ENDPOINT_URL_SECRETS_MANAGER: {
        summary: 'Another address of AWS Secrets Manager, such as that of a private endpoint.',
        form: 'an address',
        absent: "that of the secret's region",
        readBy: "AWS's client",
      },
    },
  },
  {
    title: 'Metrics and traces',
    settings: {
      CEREBRO_METRICS_TOKEN: {
        summary: 'Bearer token that `/metrics` asks for, at least 16 characters in production.',
        absent: '`/metrics` is open; there is nothing about tenants in it',
        secret: true,
        see: 'observability.md',
      },
      OTEL_EXPORTER_OTLP_ENDPOINT: {
        summary: 'The OpenTelemetry collector, to whose `/v1/traces` traces go, over HTTP with protobuf.',
        absent: 'nothing is traced',
        example: 'http://127.0.0.1:4318',
        see: 'observability.md',
      },
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: {
        summary: 'The whole address for traces, instead.',
        absent: 'none',
        example: 'http://127.0.0.1:4318/v1/traces',
      },
      OTEL_EXPORTER_OTLP_PROTOCOL: {
        summary: 'How to speak to the collector. No other protocol is spoken: one is warned of at start.',
        form: 'http/protobuf',
        default: 'http/protobuf',
      },
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: {
        summary: 'The same, for traces, instead.',
        form: 'http/protobuf',
        default: 'http/protobuf',
      },
      OTEL_EXPORTER_OTLP_HEADERS: {
        summary:
          'Headers for the collector, which may hold its credentials. Only from the environment itself.',
        form: '`name=value`, separated by commas',
        absent: 'none',
        readBy: "OpenTelemetry's exporter",
      },
      OTEL_RESOURCE_ATTRIBUTES: {
        summary: 'What else to say of this process in traces, such as `deployment.environment.name=staging`.',
        form: '`name=value`, separated by commas',
        absent: 'none',
        readBy: "OpenTelemetry's resource detector",
      },
      OTEL_SERVICE_NAME: {
        summary: 'The name of the service in traces.',
        form: 'a text',
        default: 'cerebro',
      },
      OTEL_TRACES_SAMPLER: {
        summary:
          'Which requests are traced. `parentbased_…` goes by the caller where it sends `traceparent`.',
        default: 'parentbased_always_on',
      },
      OTEL_TRACES_SAMPLER_ARG: {
        summary: 'For the samplers by ratio: the part that is traced.',
        default: '1',
      },
      OTEL_SDK_DISABLED: { summary: '`true` ends all tracing, whatever else is set.', default: 'false' },
    },
  },
];
