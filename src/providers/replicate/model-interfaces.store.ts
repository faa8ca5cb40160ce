// The interfaces of models' versions, asked for once each. A version never changes, so neither does its entry.
import { Logger } from '@nestjs/common';
import { ApiError } from '../../errors/api-error.js';
import type { ModelSpec } from '../../inference/inference.js';
import { COMMA_SEPARATED_IMAGES, KNOWN_INTERFACES } from './known-interfaces.js';
import { type ModelInterface, readModelInterface } from './model-interface.js';
import type { ReplicateClient } from './replicate.client.js';
import { UpstreamFault } from './upstream-fault.js';

/** Finds out what a version of a model takes. */
export class ModelInterfacesStore {
  private readonly logger = new Logger(ModelInterfacesStore.name);
  private readonly found = new Map(KNOWN_INTERFACES);

  constructor(private readonly client: ReplicateClient) {}

  /** The interface of a version that was asked about before, or that needs no asking. */
  known({ version }: ModelSpec): ModelInterface | undefined {
    return this.found.get(version);
  }

  /**
   * Asks Replicate for the interface of a version, and remembers it.
   *
   * @throws {ApiError} `upstream_unavailable` when Replicate cannot be asked
   */
  async ask({ upstream, version }: ModelSpec, signal: AbortSignal): Promise<ModelInterface> {
    const schema = await this.client.schemaOf(upstream, version, signal).catch((fault: unknown) => {
      if (fault instanceof UpstreamFault && fault.status === 404) return null;
      // Nothing was created yet, so whatever went wrong is safe to try again.
      throw new ApiError('upstream_unavailable', { cause: fault, retryAfterMs: 5000 });
    });
    const read = readModelInterface(schema);
    if (!read)
      this.logger.warn(`${upstream}:${version} publishes no schema; taking it for the default model's`);
    const model = read ?? COMMA_SEPARATED_IMAGES;
    this.found.set(version, model);
    return model;
  }
}
