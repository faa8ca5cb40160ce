// On whose account at the provider a prediction runs.

/** A tenant's own account at the provider. */
export interface UpstreamAccount {
  /** The tenant's id, and what changes with its token: the same text is the same token. */
  readonly id: string;
  /** The secret that the provider knows the account by. Never logged, never shown. */
  readonly token: string;
}

/** A tenant's own account, whose token neither `inspect` nor JSON shows, nor a copy carries along. */
export function upstreamAccount(id: string, token: string): UpstreamAccount {
  return new TokenHolder(id, token);
}

class TokenHolder implements UpstreamAccount {
  readonly #token: string;

  constructor(
    readonly id: string,
    token: string,
  ) {
    this.#token = token;
  }

  get token(): string {
    return this.#token;
  }

  /** What `inspect` shows, which would else show what a getter gives when it is told to. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `UpstreamAccount(${this.id})`;
  }
}

/** Knows tenants' own accounts. */
export abstract class UpstreamAccounts {
  /**
   * A tenant's own account; undefined where it uses the gateway's.
   *
   * @throws when neither memory nor the database can tell
   */
  abstract of(tenantId: string): Promise<UpstreamAccount | undefined>;
}
