// Reads secrets from AWS Secrets Manager. AWS's client is loaded with the first secret: who has none pays nothing for it.
import type { GetSecretValueCommandOutput, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { parseObject } from './json-object.js';
import { SecretProblem } from './secret-problem.js';
import type { SecretReference } from './secret-reference.js';

/** Times in milliseconds: to a connection, to an answer, and for a secret in all, attempts and credentials included. */
const LIMITS = { connect: 2000, answer: 3000, secret: 10_000 };

/** How often a secret is asked for. */
const ATTEMPTS = 3;

/** Names of AWS's errors, and what they mean to whoever has set the variable. */
const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [/^ResourceNotFound/, 'names a secret that does not exist'],
  [/^AccessDenied|^DecryptionFailure/, 'names a secret that this process may not read'],
  [/^CredentialsProvider/, 'cannot be read without AWS credentials: none were found'],
  [/Token|Signature|UnrecognizedClient|Credential/, 'cannot be read: AWS refuses the credentials'],
  [/^InvalidRequest/, 'names a secret that has no value now'],
  [/^InvalidParameter|^Validation/, 'names a secret in a way that AWS does not understand'],
  [/^Timeout|^Abort|^E[A-Z_]+$/, 'cannot be read: AWS Secrets Manager cannot be reached'],
];

/** One reading of many secrets: each is asked for once, however many variables name it. */
export class SecretsManager {
  private readonly clients = new Map<string, Promise<SecretsManagerClient>>();
  private readonly texts = new Map<string, Promise<string>>();

  /**
   * A secret, or the value under its key.
   *
   * @throws {SecretProblem}
   */
  async read(reference: SecretReference): Promise<string> {
    const { arn, versionStage = '', versionId = '' } = reference;
    const id = `${arn} ${versionStage} ${versionId}`;
    const text = this.texts.get(id) ?? this.fetch(reference);
    this.texts.set(id, text);
    const value = reference.key === undefined ? await text : valueOf(await text, reference.key);
    if (value.trim() === '') throw new SecretProblem('names an empty secret');
    return value;
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    for (const client of await Promise.allSettled(this.clients.values()))
      if (client.status === 'fulfilled') client.value.destroy();
  }

  private async fetch(reference: SecretReference): Promise<string> {
    // Past the SDK too, whose look for credentials heeds no signal.
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new SecretProblem(problemOf('Timeout'))), LIMITS.secret);
    try {
      return textOf(await Promise.race([this.ask(reference), late.promise]));
    } catch (error) {
      throw error instanceof SecretProblem ? error : new SecretProblem(problemOf(nameOf(error)));
    } finally {
      clearTimeout(timer);
    }
  }

  private async ask({ arn, region, versionStage, versionId }: SecretReference) {
    const { GetSecretValueCommand } = await import('@aws-sdk/client-secrets-manager');
    const client = await this.clientOf(region);
    const command = new GetSecretValueCommand({
      SecretId: arn,
      ...(versionStage !== undefined && { VersionStage: versionStage }),
      ...(versionId !== undefined && { VersionId: versionId }),
    });
    return client.send(command, { abortSignal: AbortSignal.timeout(LIMITS.secret) });
  }

  /** Where it is, and with which credentials, is for the SDK's own variables and files to say. */
  private clientOf(region: string): Promise<SecretsManagerClient> {
    const made =
      this.clients.get(region) ??
      import('@aws-sdk/client-secrets-manager').then(
        ({ SecretsManagerClient }) =>
          new SecretsManagerClient({
            region,
            maxAttempts: ATTEMPTS,
            requestHandler: {
              connectionTimeout: LIMITS.connect,
              requestTimeout: LIMITS.answer,
              throwOnRequestTimeout: true,
            },
          }),
      );
    this.clients.set(region, made);
    return made;
  }
}

function textOf({ SecretString, SecretBinary }: GetSecretValueCommandOutput): string {
  return SecretString ?? Buffer.from(SecretBinary ?? []).toString('utf8');
}

function valueOf(text: string, key: string): string {
  const object = parseObject(text);
  if (!object) throw new SecretProblem('names a key of a secret that is no JSON object');
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  if (value === undefined) throw new SecretProblem('names a key that the secret does not have');
  if (typeof value !== 'string') throw new SecretProblem('names a key that holds no text');
  return value;
}

function nameOf(error: unknown): string {
  const { name, code } = error as { name?: unknown; code?: unknown };
  const told = [code, name].find((word) => typeof word === 'string' && /^\w{1,64}$/.test(word));
  return typeof told === 'string' && told !== 'Error' ? told : 'an unknown error';
}

/** AWS's own word for it helps to look it up, and is never a value. */
function problemOf(name: string): string {
  const meaning = MEANINGS.find(([pattern]) => pattern.test(name))?.[1];
  return `${meaning ?? 'cannot be read: AWS Secrets Manager failed'} (${name})`;
}
