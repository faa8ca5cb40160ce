// A stand-in for AWS Secrets Manager: its protocol (AWS JSON 1.1), and of its operations the one that reads a secret.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

/** A request that came. */
export interface SecretRequest {
  /** The `SecretId` that it asked for. */
  readonly secretId: string;
  readonly versionStage: string | undefined;
  readonly authorization: string;
}

/** A running stand-in. */
export interface SecretsManagerStandIn {
  /** For `AWS_ENDPOINT_URL_SECRETS_MANAGER`. */
  readonly url: string;
  readonly requests: readonly SecretRequest[];
  /** Gives a secret another value; undefined takes the secret away. */
  set(arn: string, value: string | Uint8Array | undefined): void;
  /** Refuses a secret with one of AWS's errors from now on; undefined: no more. */
  refuse(arn: string, error: string | undefined): void;
  /** From now on answers nothing at all, or answers again. */
  fallSilent(silent: boolean): void;
  close(): Promise<void>;
}

/** Variables under which AWS's clients send requests to a stand-in, with credentials that mean nothing. */
export function awsVariables(url: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: url,
    AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    // None of the machine's own settings, and no search for any.
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/** Starts a stand-in on this machine that knows these secrets, by their ARNs. Bytes become `SecretBinary`. */
export async function startSecretsManager(
  given: Readonly<Record<string, string | Uint8Array>>,
): Promise<SecretsManagerStandIn> {
  const secrets = new Map(Object.entries(given));
  const refusals = new Map<string, string>();
  const requests: SecretRequest[] = [];
  let isSilent = false;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const { SecretId: secretId = '', VersionStage: versionStage } = JSON.parse(body) as {
      SecretId?: string;
      VersionStage?: string;
    };
    const { authorization = '' } = request.headers;
    requests.push({ secretId, versionStage, authorization });
    if (isSilent) return;
    const error = errorOf(request, secretId);
    if (error !== undefined) return reply(response, 400, { __type: error, message: `No (${error}).` });
    const value = secrets.get(secretId);
    reply(response, 200, {
      ARN: secretId,
      Name: secretId.split(':')[6]?.replace(/-\w{6}$/, ''),
      VersionId: 'a1b2c3d4-5678-90ab-cdef-EXAMPLE11111',
      VersionStages: [versionStage ?? 'AWSCURRENT'],
      CreatedDate: 1_790_000_000,
      ...(typeof value === 'string'
        ? { SecretString: value }
        : { SecretBinary: Buffer.from(value ?? []).toString('base64') }),
    });
  }

  /** The checks that AWS makes first, as far as a client of ours could fail them. */
  function errorOf({ method, headers }: IncomingMessage, secretId: string): string | undefined {
    const region = secretId.split(':')[3] ?? '';
    const scope = new RegExp(
      `^AWS4-HMAC-SHA256 Credential=[^/]+/\\d{8}/${region}/secretsmanager/aws4_request, `,
    );
    if (method !== 'POST' || headers['x-amz-target'] !== 'secretsmanager.GetSecretValue')
      return 'UnknownOperationException';
    if (headers['content-type'] !== 'application/x-amz-json-1.1') return 'SerializationException';
    if (
      !scope.test(headers.authorization ?? '') ||
      !/Signature=[0-9a-f]{64}$/.test(headers.authorization ?? '')
    )
      return 'IncompleteSignatureException';
    return refusals.get(secretId) ?? (secrets.has(secretId) ? undefined : 'ResourceNotFoundException');
  }

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    requests,
    set: (arn, value) => void (value === undefined ? secrets.delete(arn) : secrets.set(arn, value)),
    refuse: (arn, error) => void (error === undefined ? refusals.delete(arn) : refusals.set(arn, error)),
    fallSilent: (silent) => void (isSilent = silent),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
}
