// Notices a provider's id that comes twice, which would be the provider's fault.
import { Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Binding, LiveRecord } from './live-record.js';

/** How many ids are remembered. */
const REMEMBERED = 20_000;

/** Who has an id of the provider's. */
interface Owner {
  readonly id: string;
  readonly tenantId: string;
  /** Whether it was said that another prediction was given this id too. */
  isReported: boolean;
}

/** The provider's ids that this node has seen. */
export class UpstreamIds {
  private readonly logger = new Logger('Predictions');
  private readonly owners = new LRUCache<string, Owner>({ max: REMEMBERED });

  /** Whose an id is that a record was given. */
  bind({ id, start: { tenantId } }: LiveRecord, upstreamId: string): Binding {
    const owner = this.owners.get(upstreamId);
    if (!owner) this.owners.set(upstreamId, { id, tenantId, isReported: false });
    if (!owner || owner.id === id) return 'own';
    if (!owner.isReported)
      this.logger.error(`Replicate gave ${id} the id ${upstreamId}, which is ${owner.id}'s`);
    owner.isReported = true;
    return owner.tenantId === tenantId ? 'shared' : 'foreign';
  }
}
