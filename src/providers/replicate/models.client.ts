// Replicate's API of models, versions and deployments, through the official client.
import type Replicate from 'replicate';
import {
  type PublishedModel,
  type PublishedVersion,
  readModel,
  readRelease,
  readVersion,
  type Release,
} from './model.wire.js';
import { unwrap } from './unwrap.js';
import type { OwnedName } from './upstream-name.js';

/** Reads about models. All methods take checked names alone, and reject with an {@link UpstreamFault}. */
export class ModelsClient {
  constructor(private readonly replicate: Replicate) {}

  model({ owner, name }: OwnedName, signal: AbortSignal): Promise<PublishedModel> {
    return this.replicate.models.get(owner, name, { signal }).then(readModel).catch(unwrap);
  }

  version({ owner, name }: OwnedName, version: string, signal: AbortSignal): Promise<PublishedVersion> {
    return this.replicate.models.versions
      .get(owner, name, version, { signal })
      .then(readVersion)
      .catch(unwrap);
  }

  /** What a deployment runs now; undefined while it runs nothing. */
  release({ owner, name }: OwnedName, signal: AbortSignal): Promise<Release | undefined> {
    return this.replicate.deployments.get(owner, name, { signal }).then(readRelease).catch(unwrap);
  }
}
