// Bounds how much happens at the same time, in all and for each tenant, so that none of them can take every place.
import { Semaphore } from './semaphore.js';

interface TenantQueue {
  readonly places: Semaphore;
  /** Pieces of work that wait or run; the queue is forgotten with the last of them. */
  users: number;
}

/** Places that tenants share. */
export class TenantPlaces {
  private readonly shared: Semaphore;
  private readonly tenants = new Map<string, TenantQueue>();

  /**
   * @param total places in all
   * @param each places that one tenant may hold: fewer than all, so that some are left to the others
   */
  constructor(
    total: number,
    private readonly each: number,
  ) {
    this.shared = new Semaphore(total);
  }

  /**
   * Does the work in a place of the tenant's.
   *
   * @param signal ends the wait for a place; its reason is thrown
   */
  async run<T>(tenantId: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const queue = this.tenants.get(tenantId) ?? { places: new Semaphore(this.each), users: 0 };
    this.tenants.set(tenantId, queue);
    queue.users++;
    try {
      // The tenant's own place first: who waits for it does not stand before others in the shared queue.
      return await queue.places.run(signal, () => this.shared.run(signal, work));
    } finally {
      if (--queue.users === 0) this.tenants.delete(tenantId);
    }
  }

  /** Tenants that have work waiting or running. */
  get tenantCount(): number {
    return this.tenants.size;
  }
}
