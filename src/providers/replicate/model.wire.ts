// Reads Replicate's descriptions of models, versions and deployments, as far as they can be trusted.
// Source of the shapes: Replicate's OpenAPI description.
import { isObject } from './schema-resolution.js';
import { UpstreamFault } from './upstream-fault.js';

/** A version, with the schema that it publishes, if any. */
export interface PublishedVersion {
  readonly id: string;
  readonly schema: unknown;
}

/** A model. */
export interface PublishedModel {
  /** Whether Replicate keeps it running, and picks the version itself. */
  readonly isOfficial: boolean;
  /** Absent for a model without versions. */
  readonly latest?: PublishedVersion;
}

/** What a deployment runs. */
export interface Release {
  /** `owner/name` of the model. */
  readonly model: string;
  readonly version: string;
  /** SKU of the hardware. */
  readonly hardware?: string;
}

/** Reads a version. */
export function readVersion(body: unknown): PublishedVersion {
  if (!isObject(body) || typeof body.id !== 'string') throw unreadable('version');
  return { id: body.id, schema: body.openapi_schema };
}

/** Reads a model. */
export function readModel(body: unknown): PublishedModel {
  if (!isObject(body) || typeof body.name !== 'string') throw unreadable('model');
  const latest = body.latest_version;
  return {
    isOfficial: body.is_official === true,
    ...(latest !== null && latest !== undefined && { latest: readVersion(latest) }),
  };
}

/** Reads a deployment's current release; undefined for a deployment that has none. */
export function readRelease(body: unknown): Release | undefined {
  if (!isObject(body) || typeof body.name !== 'string') throw unreadable('deployment');
  const release = body.current_release;
  if (release === null || release === undefined) return undefined;
  if (!isObject(release) || typeof release.model !== 'string' || typeof release.version !== 'string') {
    throw unreadable('release');
  }
  const { model, version, configuration } = release;
  const hardware = isObject(configuration) ? configuration.hardware : undefined;
  return { model, version, ...(typeof hardware === 'string' && { hardware }) };
}

function unreadable(what: string): UpstreamFault {
  return new UpstreamFault('unreadable', { message: `Replicate: no ${what}` });
}
