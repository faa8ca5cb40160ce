// Asks Replicate what a model takes and how it is asked. Remembers nothing: model-interfaces.store.ts does.
import { COMMA_SEPARATED_IMAGES, DEFAULT_MODEL, withReservedWords } from './known-interfaces.js';
import { type ModelInterface, readModelInterface } from './model-interface.js';
import type { PublishedVersion } from './model.wire.js';
import type { ModelsClient } from './models.client.js';
import { UpstreamFault } from './upstream-fault.js';
import { type OwnedName, readUpstreamName, type UpstreamName } from './upstream-name.js';

/** Where a prediction is created. */
export type CreateTarget =
  | { readonly kind: 'version'; readonly version: string }
  | { readonly kind: 'official'; readonly owner: string; readonly name: string }
  | { readonly kind: 'deployment'; readonly owner: string; readonly name: string };

/** A model that can be asked. */
export interface ResolvedModel {
  readonly target: CreateTarget;
  /**
   * The version that answers: for a deployment that of the release that was current when we asked; undefined
   * for an official model, whose version Replicate picks.
   */
  readonly version: string | undefined;
  readonly model: ModelInterface;
  /** SKU of the hardware that it runs on, for a deployment. */
  readonly hardware?: string;
}

/** A model that can be asked, or the reason, fit for a caller, why none can. */
export type Lookup = { readonly resolved: ResolvedModel } | { readonly uncallable: string };

const UNKNOWN = 'it does not exist at its provider, or may not be used';

/**
 * Looks a model up.
 *
 * @throws {UpstreamFault} when Replicate cannot be asked
 */
export async function lookUp(
  client: ModelsClient,
  upstream: UpstreamName,
  signal: AbortSignal,
): Promise<Lookup> {
  try {
    switch (upstream.kind) {
      case 'version':
        return lookUpVersion(upstream, await client.version(upstream, upstream.version, signal));
      case 'model':
        return await lookUpModel(client, upstream, signal);
      case 'deployment':
        return await lookUpDeployment(client, upstream, signal);
    }
  } catch (error) {
    if (error instanceof UpstreamFault && error.status === 404) return { uncallable: UNKNOWN };
    throw error;
  }
}

function lookUpVersion(owned: OwnedName, { id, schema }: PublishedVersion): Lookup {
  return withInterface(owned, schema, (model) => ({
    target: { kind: 'version', version: id },
    version: id,
    model,
  }));
}

async function lookUpModel(client: ModelsClient, owned: OwnedName, signal: AbortSignal): Promise<Lookup> {
  const { owner, name } = owned;
  const { isOfficial, latest } = await client.model(owned, signal);
  if (isOfficial) {
    return withInterface(owned, latest?.schema, (model) => ({
      target: { kind: 'official', owner, name },
      version: undefined,
      model,
    }));
  }
  return latest ? lookUpVersion(owned, latest) : { uncallable: 'it has no version' };
}

async function lookUpDeployment(
  client: ModelsClient,
  { owner, name }: OwnedName,
  signal: AbortSignal,
): Promise<Lookup> {
  const release = await client.release({ owner, name }, signal);
  if (!release) return { uncallable: 'it has no release' };
  const released = readUpstreamName(release.model, release.version);
  if (released?.kind !== 'version') return { uncallable: 'its release names no version' };
  const { version, schema } = {
    ...released,
    ...(await client.version(released, released.version, signal)),
  };
  return withInterface(released, schema, (model) => ({
    target: { kind: 'deployment', owner, name },
    version,
    model,
    ...(release.hardware !== undefined && { hardware: release.hardware }),
  }));
}

/** A version that publishes no schema cannot be asked, but for the default model, whose form is known. */
function withInterface(
  { owner, name }: OwnedName,
  schema: unknown,
  toResolved: (model: ModelInterface) => ResolvedModel,
): Lookup {
  const fullName = `${owner}/${name}`;
  const reading =
    readModelInterface(schema) ??
    (fullName === DEFAULT_MODEL
      ? { model: COMMA_SEPARATED_IMAGES }
      : { uncallable: 'it publishes no schema' });
  if ('uncallable' in reading) return reading;
  return { resolved: toResolved(withReservedWords(fullName, reading.model)) };
}
