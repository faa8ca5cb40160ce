// What models take and how they are asked, remembered. Replicate is asked once for a version, which never
// changes, and now and then, in the background, for what a name stands for.
import { Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { ApiError } from '../../errors/api-error.js';
import type { ModelSpec } from '../../inference/inference.js';
import { KNOWN_INTERFACES } from './known-interfaces.js';
import { type Lookup, lookUp, type ResolvedModel } from './model-lookup.js';
import type { ModelsClient } from './models.client.js';
import { reasonNotToAsk, uncallable } from './uncallable.js';
import { UpstreamFault } from './upstream-fault.js';
import { readUpstreamName, type UpstreamName } from './upstream-name.js';

export type { CreateTarget, ResolvedModel } from './model-lookup.js';

/** Models that are remembered, least lately used forgotten first. */
const MAX_MODELS = 500;

/** How long what a lookup has found stays fresh, in milliseconds. */
const FRESH_FOR = { version: Infinity, model: 600_000, deployment: 60_000 };

/** How long a model that cannot be asked is not asked about again, in milliseconds. */
const REFUSED_FOR = 60_000;

/** How long after a failed refresh the next one waits, in milliseconds. */
const REFRESH_AGAIN_AFTER = 15_000;

/** Suggested when Replicate cannot be asked and says no time itself, in milliseconds. */
const UNREACHABLE_RETRY = 5000;

interface Entry {
  readonly lookup: Lookup;
  /** By `performance.now()`. */
  readonly freshUntil: number;
}

/** Finds out what models take. */
export class ModelInterfacesStore {
  private readonly logger = new Logger(ModelInterfacesStore.name);
  private readonly entries = new LRUCache<string, Entry>({ max: MAX_MODELS });
  private readonly running = new Map<string, Promise<Lookup>>();

  /** @param now a clock that never goes back, in milliseconds */
  constructor(
    private readonly client: ModelsClient,
    private readonly now: () => number = () => performance.now(),
    private readonly onLookup: (result: 'hit' | 'miss') => void = () => undefined,
  ) {}

  /**
   * A model that was asked about before, or that needs no asking. What has grown old is given once more and
   * asked for anew in the background; a model that cannot be asked is undefined.
   */
  known(spec: ModelSpec): ResolvedModel | undefined {
    const resolved = this.recall(spec);
    const isKnown = resolved !== undefined && reasonNotToAsk(resolved.model, spec) === undefined;
    this.onLookup(isKnown ? 'hit' : 'miss');
    return isKnown ? resolved : undefined;
  }

  /**
   * Finds out about a model, asking Replicate only where nothing is known.
   *
   * @param signal aborted when nobody waits any more; its reason is thrown
   * @throws {ApiError} `model_not_found` with the reason for a model that does not exist or cannot be asked;
   *   `upstream_unavailable` and the like when Replicate cannot be asked
   */
  async resolve(spec: ModelSpec, signal: AbortSignal): Promise<ResolvedModel> {
    signal.throwIfAborted();
    const resolved = this.recall(spec) ?? (await this.ask(spec, signal));
    const reason = reasonNotToAsk(resolved.model, spec);
    if (reason !== undefined) throw uncallable(spec, reason);
    return resolved;
  }

  private recall(spec: ModelSpec): ResolvedModel | undefined {
    const upstream = readUpstreamName(spec.upstream, spec.version);
    if (!upstream) return undefined;
    const known = upstream.kind === 'version' ? knownVersion(upstream.version) : undefined;
    if (known) return known;
    const entry = this.entries.get(keyOf(upstream));
    if (!entry || 'uncallable' in entry.lookup) return undefined;
    if (entry.freshUntil <= this.now()) this.refresh(upstream, entry);
    return entry.lookup.resolved;
  }

  private async ask(spec: ModelSpec, signal: AbortSignal): Promise<ResolvedModel> {
    const upstream = readUpstreamName(spec.upstream, spec.version);
    if (!upstream) throw uncallable(spec, 'it has no name that its provider could know');
    const entry = this.entries.get(keyOf(upstream));
    const isFresh = entry !== undefined && entry.freshUntil > this.now();
    const lookup = isFresh
      ? entry.lookup
      : await orAborted(this.look(upstream), signal).catch((error: unknown) => {
          signal.throwIfAborted();
          throw toApiError(error);
        });
    if ('uncallable' in lookup) throw uncallable(spec, lookup.uncallable);
    return lookup.resolved;
  }

  private refresh(upstream: UpstreamName, entry: Entry): void {
    const key = keyOf(upstream);
    if (this.running.has(key)) return;
    this.look(upstream).catch((error: unknown) => {
      this.keep(key, entry, error instanceof Error ? error.message : String(error));
    });
  }

  /** One lookup at a time for each model, whoever waits for it. */
  private look(upstream: UpstreamName): Promise<Lookup> {
    const key = keyOf(upstream);
    const running = this.running.get(key);
    if (running) return running;
    // Nobody's signal: others may wait for the same answer, and the transport has limits of its own.
    const lookup = lookUp(this.client, upstream, new AbortController().signal)
      .then((found) => {
        this.remember(upstream, found);
        return found;
      })
      .finally(() => this.running.delete(key));
    this.running.set(key, lookup);
    return lookup;
  }

  private remember(upstream: UpstreamName, lookup: Lookup): void {
    const key = keyOf(upstream);
    const last = this.entries.peek(key);
    if ('uncallable' in lookup) {
      if (last && 'resolved' in last.lookup) return this.keep(key, last, lookup.uncallable);
      this.entries.set(key, { lookup, freshUntil: this.now() + REFUSED_FOR });
    } else {
      this.entries.set(key, { lookup, freshUntil: this.now() + FRESH_FOR[upstream.kind] });
    }
  }

  /** The last good copy outlives whatever comes after it, but for a better one. */
  private keep(key: string, last: Entry, reason: string): void {
    this.logger.warn(`keeping what is known of ${key}: ${reason}`);
    this.entries.set(key, { ...last, freshUntil: this.now() + REFRESH_AGAIN_AFTER });
  }
}

function keyOf(upstream: UpstreamName): string {
  const { kind, owner, name } = upstream;
  const key = `${kind === 'deployment' ? 'deployments/' : ''}${owner}/${name}`;
  return kind === 'version' ? `${key}:${upstream.version}` : key;
}

function knownVersion(version: string): ResolvedModel | undefined {
  const model = KNOWN_INTERFACES.get(version);
  return model && { target: { kind: 'version', version }, version, model };
}

function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Nothing was created yet, so whatever went wrong is safe to try again. */
function toApiError(cause: unknown): ApiError {
  const { status, retryAfterMs } = cause instanceof UpstreamFault ? cause : {};
  if (status === 401 || status === 403) return new ApiError('upstream_auth', { cause });
  if (status === 402) return new ApiError('upstream_billing', { cause });
  return new ApiError('upstream_unavailable', { cause, retryAfterMs: retryAfterMs ?? UNREACHABLE_RETRY });
}
